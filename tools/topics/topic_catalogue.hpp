// contracts/topics.yaml as values: what exists in Kafka and who may touch it. (What the services need of it at run time
// is compiled in: contracts/events.hpp.) An unknown key, a wrong type or a name that points nowhere ends the start.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kit/kafka/quotas.hpp"

namespace evc::topics {

struct TopicEntry {
  std::string name;
  int partitions = 1;
  std::map<std::string, std::string> settings;  // the broker's names and texts
};

struct Grant {
  std::string principal;  // certificate's common name
  std::string resource;   // TOPIC or GROUP
  std::string name;
  std::string operation;  // WRITE, READ, DESCRIBE
};

struct Durability {
  int replication_factor = 1;
  int min_insync_replicas = 1;
};

struct TopicCatalogue {
  Durability single_broker;
  Durability cluster;              // with three brokers or more
  std::vector<TopicEntry> topics;  // events first, then dead letters
  std::vector<Grant> grants;
  std::vector<std::string> principals;
  std::vector<kafka::Quota> quotas;

  const TopicEntry* find(const std::string& topic) const;
};

// Throws std::runtime_error with the file, the place and the reason.
TopicCatalogue load_topic_catalogue(const std::string& file);

}  // namespace evc::topics
