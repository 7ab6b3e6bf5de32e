// Events on their way to their handlers, by key: what of a key is worked on, what waits for that, and which key is
// next. A key is worked on by one lane at a time and its events stay in order; while one key takes long, the others
// pass it. Pure bookkeeping of one inbox, no I/O.
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
  // The key that waits longest and is not worked on, with at most `limit` of its events; it is worked on from now on.
  std::optional<Work> take(std::size_t limit);
  // The work on it has ended; what came for it meanwhile has its turn behind the other keys.
  void ended(const Key& key);
  // What waits for the key, which must not go on now.
  std::deque<Incoming> withdraw(const Key& key);
  // The partition belongs to somebody else now. What is worked on is not touched.
  void forget(const kafka::TopicPartition& partition);

  std::size_t size() const { return size_; }  // events that no lane has taken yet
  std::size_t ready_keys() const { return ready_.size(); }

 private:
  struct Row {
    std::deque<Incoming> events;
    bool taken = false;
  };
  std::map<Key, Row> rows_;
  std::deque<Key> ready_;
  std::size_t size_ = 0;
};

}  // namespace evc::messaging
