// Brings a cluster to what contracts/topics.yaml says: creates missing topics, replaces settings that differ, adds
// missing access rules and quotas, removes those that the file does not list, and waits until the brokers apply them.
// Running it again changes nothing. It touches only what is ours: rules and quotas of the file's principals, and rules
// on the file's topics.
// A foreign wildcard or prefix that would open one of our topics is an error, because removing it might break somebody
// else.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/kafka/admin.hpp"
#include "tools/topics/topic_catalogue.hpp"

namespace evc::topics {

struct Plan {
  std::vector<kafka::TopicSpec> create;
  std::vector<kafka::TopicSpec> alter;
  std::vector<kafka::AccessRule> add;
  std::vector<kafka::AccessRule> remove;
  std::vector<kafka::QuotaChange> quotas;
  bool empty() const { return create.empty() && alter.empty() && add.empty() && remove.empty() && quotas.empty(); }
};

// What the cluster holds before the run.
struct Present {
  kafka::ClusterView cluster;
  std::map<std::string, kafka::TopicSettings> settings;
  std::vector<kafka::AccessRule> rules;
  std::vector<kafka::Quota> quotas;
};

std::vector<kafka::TopicSpec> wanted_topics(const TopicCatalogue& catalogue, int brokers);
std::vector<kafka::AccessRule> wanted_rules(const TopicCatalogue& catalogue);
// conflict when a topic has another number of partitions (it can never be changed under keys), or a foreign rule opens
// a topic of ours.
Result<Plan> make_plan(const TopicCatalogue& catalogue, const Present& present);

struct Report {
  std::size_t topics = 0, created = 0, altered = 0;
  std::size_t rules = 0, added = 0, removed = 0;
  std::size_t quotas = 0, quotas_changed = 0;
  std::vector<std::string> not_joined;  // groups that were waited for in vain
  std::vector<std::string> not_probed;  // principals without a certificate in tls_dir: their access was not tried
};

struct ProvisionOptions {
  int brokers = 0;  // that must be in the cluster first; 0: as many as answer
  // For topics that are made again under running services: nobody may write before every group has joined, or this time
  // is over. A consumer that still remembers its place in the lost topic would begin there in the new one.
  std::chrono::seconds readers_first{0};
};

// `tls_dir` holds ca.pem, platform-admin.{crt,key} and, for the probe, the principals' own certificates.
Result<Report> provision(const TopicCatalogue& catalogue, const std::string& bootstrap, const std::string& tls_dir,
                         const ProvisionOptions& options = {});

}  // namespace evc::topics
