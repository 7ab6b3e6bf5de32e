// Whether charging hears its topics, and since when without a break. A deadline over a station's silence means nothing
// to who has not listened: while the inbox is away or behind, and for a while afterwards, what the station said may
// still be on its way. On one worker, as long as it.
#pragma once

#include <chrono>
#include <optional>

#include "kit/messaging/inbox.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::charging {

class Hearing {
 public:
  // As long as a deadline leaves for facts to arrive after the start window.
  static constexpr std::chrono::seconds kEnough{15};
  // A longer distance of two looks is a break: the process was stopped.
  static constexpr std::chrono::seconds kLongestDistance{3};

  void hears(SteadyTime now);
  void is_deaf() { since_.reset(); }
  // For kEnough without a break.
  bool long_enough(SteadyTime now) const;

 private:
  std::optional<SteadyTime> since_;
  SteadyTime last_{};
};

// Looks at the inbox until the worker's tasks are cancelled.
Task<> listen(Worker& worker, const messaging::Inbox& inbox, Hearing& hearing);

}  // namespace evc::charging
