// Topics with partitions, and one consumer group per service: offsets, owners, generations. What is appended stays,
// until the brokers begin anew as another cluster; a member that was fenced out can commit nothing.
#pragma once

#include <map>

#include "kit/kafka/record.hpp"
#include "kit/kafka/topic_partition.hpp"
#include "proofs/simulator/engine.hpp"

namespace evc::simulator {

class Broker {
 public:
  Broker(Engine& engine, std::int32_t partitions) : engine_(engine), partitions_(partitions), appended(engine) {}

  void append(kafka::Record record);
  // Every disk is lost. All members join the new cluster, where there are no offsets, before anybody writes.
  void begin_anew();
  const std::string& cluster() const { return cluster_; }
  const std::vector<kafka::Record>& log(const kafka::TopicPartition& place) { return logs_[place]; }
  std::vector<kafka::TopicPartition> places(const std::vector<std::string>& topics) const;

  struct Owner {
    int member = 0;
    int generation = 0;
  };
  struct Group {
    std::map<kafka::TopicPartition, std::int64_t> next;  // to be read after a restart
    std::map<kafka::TopicPartition, Owner> owners;
  };
  Group& group(const std::string& name) { return groups_[name]; }
  void give(const std::string& group, const kafka::TopicPartition& place, int member);
  // False: this member no longer has the partition.
  bool commit(const std::string& group, const kafka::Record& last, int member, int generation);

 private:
  Engine& engine_;
  std::int32_t partitions_;
  std::map<kafka::TopicPartition, std::vector<kafka::Record>> logs_;
  std::map<std::string, Group> groups_;
  std::string cluster_ = "1";

 public:
  Bell appended;
};

}  // namespace evc::simulator
