// What a tool may ask of the cluster: topics with their settings, access rules, consumer lag. Blocking, for start-up
// programs and exporters with a thread of their own, never on a worker. Every call ends within kAdminTimeout; errors
// are broker-unavailable (no answer, no connection; the detail holds the last line that the connection logged),
// forbidden (this certificate may not) or conflict.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/kafka/connection.hpp"

namespace evc::kafka {

inline constexpr std::chrono::milliseconds kAdminTimeout{10'000};

using TopicSettings = std::map<std::string, std::string>;  // the broker's names and texts

struct TopicSpec {
  std::string name;
  int partitions = 1;
  int replication_factor = 1;
  TopicSettings settings;
};

// One access rule, in the broker's own words, so that a rule of a kind that we never write can still be seen and
// removed.
struct AccessRule {
  std::string principal;            // "User:charging"
  std::string operation;            // WRITE, READ, DESCRIBE …
  std::string resource;             // TOPIC, GROUP …
  std::string name;                 // of the resource; "*" is Kafka's literal wildcard
  std::string pattern = "LITERAL";  // or PREFIXED
  std::string host = "*";
  std::string permission = "ALLOW";
  auto operator<=>(const AccessRule&) const = default;
};
std::string describe(const AccessRule& rule);

struct ClusterView {
  int brokers = 0;
  std::map<std::string, int> partitions;  // by topic; only topics that this principal may describe
};

struct PartitionLag {
  std::string group;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t committed = 0;
  std::int64_t lag = 0;  // records between the committed offset and the end
};

class Admin {
 public:
  // Throws std::runtime_error for unusable certificates or settings.
  explicit Admin(ConnectOptions connect);
  ~Admin();

  Result<ClusterView> cluster();
  // A topic that exists already counts as made.
  Result<void> create_topics(const std::vector<TopicSpec>& topics);
  // The settings that were given to the topic itself, without defaults.
  Result<std::map<std::string, TopicSettings>> topic_settings(const std::vector<std::string>& topics);
  // Replaces all settings of the topic: what is not listed returns to the broker's default.
  Result<void> replace_settings(const std::string& topic, const TopicSettings& settings);
  Result<std::vector<AccessRule>> access_rules();
  Result<void> add_access(const std::vector<AccessRule>& rules);
  Result<void> remove_access(const std::vector<AccessRule>& rules);
  // The consumer groups whose members have found together and know their partitions, with how many they are.
  Result<std::map<std::string, int>> joined_groups();
  // Over all groups that this principal may describe. Partitions without a committed offset do not appear.
  Result<std::vector<PartitionLag>> lag();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evc::kafka
