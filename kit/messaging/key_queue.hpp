// Events on their way to their handlers, by key: what of a key is worked on, what waits for that, and which key is
// next. A key is worked on by one lane at a time and its events stay in order; while one key takes long, the others
// pass it. Topics take turns, so that one with many keys delays the others by one key at most. Pure bookkeeping of one
// inbox, no I/O.
#pragma once

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

  // Behind everything of its key.
  void add(Incoming incoming);
  struct Work {
    Key key;
    std::deque<Incoming> events;  // all of one key, in order
  };
  // Of the topic whose turn it is, the key that waits longest and is not worked on, with at most `limit` of its events;
  // it is worked on from now on.
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
  std::size_t ready_keys() const;

 private:
  struct Row {
    std::deque<Incoming> events;
    bool taken = false;
  };
  struct Topic {
    std::deque<Key> ready;
    std::size_t size = 0;
  };
  std::map<Key, Row> rows_;
  std::map<std::string, Topic> topics_;
  std::string taken_last_;  // the topic that had the last turn
};

}  // namespace evc::messaging
