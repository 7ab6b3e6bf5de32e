// The keys of a group that wait for a missing sequence. Each look applies what can be applied by now; a key that waits
// longer than its topic allows raises the alarm, and its producer's outbox is asked for what is missing. What comes
// from there goes the way of every event: dedup, order, dead letter. What the producer no longer holds waits for an
// operator's accept_gap. One look at a time, in a task of its own: a producer that does not answer delays no event.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "kit/messaging/event_applier.hpp"
#include "kit/messaging/held_events.hpp"

namespace evc::messaging {

struct GapOptions {
  // Absent: gap_alarm_ms of the topic in contracts/topics.yaml.
  std::optional<std::chrono::milliseconds> timeout;
  AskProducer ask;                                  // empty: nobody is asked
  std::chrono::milliseconds ask_again{2'000};       // after a failed answer; twice as long each time
  std::chrono::milliseconds ask_again_cap{60'000};  // and after "no longer held"
};

class GapWatch {
 public:
  GapWatch(EventApplier& applier, postgres::Pool& pool, GapOptions options)
      : applier_(applier), pool_(pool), options_(std::move(options)) {}

  // The number of keys that wait, or why that is not known.
  Task<Result<std::size_t>> look();

 private:
  using KeyId = std::pair<std::string, std::string>;  // topic, key
  // Of a key that waits longer than it may.
  struct Overdue {
    SteadyTime ask_at{};
    int failures = 0;
    bool lost = false;  // the producer has said that it does not hold it
  };

  Task<Result<bool>> look_at(const GapKey& gap);
  Task<Result<std::optional<MissingEvents>>> close(const GapKey& gap);
  Task<> fetch(MissingEvents missing, Overdue& overdue);
  Task<Result<std::optional<MissingEvents>>> take_in(const HeldEvents& held, MissingEvents missing);
  Task<Result<std::optional<MissingEvents>>> still_missing(RequestContext& context, postgres::Transaction& transaction,
                                                           std::string topic, std::string key);
  void failed(const MissingEvents& missing, Overdue& overdue, const Error& error);
  void lost(const MissingEvents& missing, Overdue& overdue);
  std::chrono::milliseconds timeout_of(const std::string& topic) const;

  EventApplier& applier_;
  postgres::Pool& pool_;
  GapOptions options_;
  std::map<KeyId, Overdue> overdue_;
};

}  // namespace evc::messaging
