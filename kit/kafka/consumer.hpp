// A consumer group member on one worker: static membership, range assignment, earliest, manual offsets, small fetch queues.
// Records of a partition come in order. Offsets are stored by commit() only, after the caller's database commit.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/kafka/producer.hpp"
#include "kit/kafka/record.hpp"

namespace evc::kafka {

struct ConsumerOptions {
  ConnectOptions connect;
  std::string group;        // the service's name
  std::string instance_id;  // static membership
  std::vector<std::string> topics;
  std::size_t queued_max_kbytes = 4096;
};

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

class Consumer {
 public:
  Consumer(Worker& worker, ConsumerOptions options);
  ~Consumer();
  // Up to `limit` records, at least one unless none came within `wait`. broker-unavailable on a lost or refused connection (it goes on trying underneath).
  Task<Result<std::vector<Record>>> poll(std::size_t limit, std::chrono::milliseconds wait);
  // The record's offset and all before it in its partition are done.
  Task<Result<void>> commit(const std::vector<Record>& last_of_each_partition);
  void pause(const TopicPartition& partition);
  void resume(const TopicPartition& partition);
  // Called on the worker; revoked partitions' in-flight records must not be committed any more.
  void on_revoked(std::function<void(const std::vector<TopicPartition>&)> callback);
  std::vector<TopicPartition> assignment() const;
  std::int64_t lag() const;  // records behind the high watermarks, over the assignment; -1 unknown
  Task<> close();            // leaves the group

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::kafka
