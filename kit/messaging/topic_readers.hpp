// By what an inbox reads: one member of its group for each topic. A client of librdkafka has one queue for everything
// that it fetches ahead, so with one client the backlog of one topic kept the events of another away for half a minute,
// and pausing its partitions cost a second of everybody's each time (bench/README.md, starvation). Lives on one worker.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "kit/kafka/consumer.hpp"

namespace evc::messaging {

class TopicReaders {
 public:
  struct Reader {
    Reader(Worker& worker, kafka::ConsumerOptions options) : topic(options.topics.front()), consumer(worker, options) {}
    std::string topic;
    kafka::Consumer consumer;
    // Of its last poll().
    Result<void> state = fail(Code::kServiceUnavailable, "not a member of the group yet");
  };
  // Of several topics each member's instance id ends with its topic. Throws as kafka::Consumer does.
  TopicReaders(Worker& worker, const kafka::ConsumerOptions& options,
               const std::function<void(const std::vector<kafka::TopicPartition>&)>& revoked);

  std::deque<Reader>& all() { return readers_; }
  // Returns those that were not sent after all.
  std::vector<kafka::Record> commit(const std::vector<kafka::Record>& last_of_each_partition);
  void pause(const kafka::TopicPartition& partition);
  void resume(const kafka::TopicPartition& partition);
  bool assigned(const kafka::TopicPartition& partition) const;
  // The first that is not good; broker-unavailable when no broker is connected.
  Result<void> health() const;
  std::int64_t lag() const;  // records over all; -1 unknown
  void wake();
  Task<> close();

 private:
  kafka::Consumer& of(const std::string& topic);

  std::deque<Reader> readers_;
};

}  // namespace evc::messaging
