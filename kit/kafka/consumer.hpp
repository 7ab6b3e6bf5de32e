// A consumer group member on one worker: static membership, range assignment, earliest, manual offsets, small fetch
// queues. Records of a partition come in order. Offsets move only by commit(), after the caller's database commit; a
// lost offset commit is only a duplicate. One poll() at a time. poll() must be called at least every five minutes, else
// the broker gives the partitions to somebody else.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/kafka/connection.hpp"
#include "kit/kafka/record.hpp"
#include "kit/kafka/topic_partition.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::kafka {

struct ConsumerOptions {
  ConnectOptions connect;
  std::string group;        // the service's name
  std::string instance_id;  // static membership
  std::vector<std::string> topics;
  std::size_t queued_max_kbytes = 4096;
};

class Consumer {
 public:
  // Throws std::runtime_error for unusable certificates or settings.
  Consumer(Worker& worker, ConsumerOptions options);
  ~Consumer();
  // Up to `limit` records, at least one unless none came within `wait` or the task was cancelled. broker-unavailable on
  // a lost or refused connection (it goes on trying underneath), forbidden when topic or group are refused, conflict
  // when another process joined with our instance_id: this one is out for good then, because taking the name back would
  // only throw the other one out.
  Task<Result<std::vector<Record>>> poll(std::size_t limit, std::chrono::milliseconds wait);
  // A poll() that waits returns now; without one, the next one does not wait.
  void wake();
  // The record's offset and all before it in its partition are done. Sent, not awaited: a failure shows in the log and
  // costs duplicates.
  Result<void> commit(const std::vector<Record>& last_of_each_partition);
  // Records that were fetched ahead are dropped and come again after resume().
  void pause(const TopicPartition& partition);
  void resume(const TopicPartition& partition);
  // Called on the worker; revoked partitions' in-flight records must not be committed any more.
  void on_revoked(std::function<void(const std::vector<TopicPartition>&)> callback);
  std::vector<TopicPartition> assignment() const;
  bool connected() const;              // to a broker, as of the last two seconds
  std::int64_t lag() const;            // records behind the high watermarks, over the assignment; -1 unknown
  std::int64_t fetched_ahead() const;  // bytes in memory that poll() has not given out yet; -1 unknown
  bool outdated() const;               // the certificate was renewed since it joined
  // A broker is there, and yet for 15 s a partition of ours is not read from, or a lost assignment has not come back; 3
  // s after the coordinator has refused to tell our positions. reopen() is what helps.
  bool stands_still() const;
  // Leaves as close() does and joins again under the same name, with a renewed certificate: never two of one name at a
  // time. What was polled and is not committed by then comes again; on_revoked is told.
  Task<> reopen();
  Task<> close();  // sends the last commits and gives the partitions back

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::kafka
