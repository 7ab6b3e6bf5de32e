// Events on their way to their handlers, by key: what of a key is worked on, what waits for that, and which key is
// next. A key is worked on by one lane at a time and its events stay in order; while one key takes long, the others
// pass it. Topics that wait get equally many events done, and none occupies more lanes than it may: one that is flooded
// holds up itself. Pure bookkeeping of one inbox, no I/O.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "kit/kafka/topic_partition.hpp"
#include "kit/messaging/incoming.hpp"

namespace evc::messaging {

class KeyQueue {
 public:
  using Key = std::pair<std::string, std::string>;  // topic, key

  // At most so many keys of one topic are worked on at a time.
  explicit KeyQueue(std::size_t lanes_per_topic) : lanes_per_topic_(lanes_per_topic) {}

  // Behind everything of its key.
  void add(Incoming incoming);
  struct Work {
    Key key;
    std::deque<Incoming> events;  // all of one key, in order
  };
  // Of the topic that had the fewest events done, the key that waits longest and is not worked on, with at most `limit`
  // of its events; it is worked on from now on.
  std::optional<Work> take(std::size_t limit);
  // The work on it has ended; what came for it meanwhile has its turn behind the other keys.
  void ended(const Key& key);
  // What waits for the key, which must not go on now.
  std::deque<Incoming> withdraw(const Key& key);
  // The partition belongs to somebody else now. What is worked on is not touched.
  void forget(const kafka::TopicPartition& partition);

  // Events that no lane has taken yet.
  std::size_t size() const;
  std::size_t size_of(const std::string& topic) const;
  // Keys that take() would give, one after the other.
  std::size_t ready_keys() const;

 private:
  struct Row {
    std::deque<Incoming> events;
    bool taken = false;
  };
  struct Topic {
    std::deque<Key> ready;
    std::size_t size = 0;
    std::size_t taken = 0;    // keys that are worked on
    std::uint64_t given = 0;  // events, counted on from where the others stood when it had nothing
  };
  std::uint64_t least_given() const;

  std::size_t lanes_per_topic_;
  std::map<Key, Row> rows_;
  std::map<std::string, Topic> topics_;
};

}  // namespace evc::messaging
