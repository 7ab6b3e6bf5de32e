// The keys whose first event failed and is tried again later, each with everything that came behind it: a key that
// waits holds up no other, and never lets a later event of its own pass. Pure bookkeeping of one inbox, no I/O.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "kit/kafka/topic_partition.hpp"
#include "kit/messaging/inbox_rules.hpp"
#include "kit/messaging/incoming.hpp"

namespace evc::messaging {

class WaitingKeys {
 public:
  explicit WaitingKeys(RetryPauses pauses) : pauses_(pauses) {}

  // The events of keys whose pause is over, with everything behind their first event, until there are `limit`.
  std::deque<Incoming> take_due(SteadyTime now, std::size_t limit);
  // True: its key waits, and it has joined the row behind.
  bool join(Incoming& incoming);
  // Of the key's first event, which is the only one of it that was tried.
  Attempt attempt_of(const kafka::Record& record) const;
  // Nothing more to do for the first event of its key.
  void finished(const kafka::Record& record);
  // The first event failed: back to the front, due after a pause.
  void retry_later(Incoming incoming, const Error& error, SteadyTime now, WallTime wall, std::uint64_t random);
  // Behind the one of its key that failed.
  void stay_behind(Incoming incoming);
  // The partition belongs to somebody else now.
  void forget(const kafka::TopicPartition& partition);
  // At most `longest`; until the next key is due.
  std::chrono::milliseconds next_due(SteadyTime now, std::chrono::milliseconds longest) const;
  std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    std::deque<Incoming> events;
    Attempt next;  // of the first one
    SteadyTime due{};
  };
  using KeyId = std::pair<std::string, std::string>;  // topic, key
  static KeyId id_of(const kafka::Record& record) { return {record.topic, record.key}; }

  RetryPauses pauses_;
  std::map<KeyId, Key> keys_;
};

}  // namespace evc::messaging
