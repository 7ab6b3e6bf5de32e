// Stops calling what fails: over a window of the last 20 calls, none older than 10 s, it opens when at least 10 were
// made and half of them failed or were slow; 5 s later three trials decide between closing and opening again. Pure:
// time is passed in. Lives on one worker, no locks.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

#include "kit/base/clock.hpp"

namespace evc::resilience {

struct BreakerOptions {
  std::size_t window_calls = 20;
  std::chrono::milliseconds window{10'000};
  std::size_t minimum_calls = 10;
  double bad_share = 0.5;  // opens at this share of failed or slow calls
  std::chrono::milliseconds slow{2'500};
  std::chrono::milliseconds open_for{5'000};
  int trials = 3;  // half-open: at most this many at once, all must be good
};

class CircuitBreaker {
 public:
  enum class State { kClosed, kOpen, kHalfOpen };
  // kNeutral: the call says nothing about the callee's health (cancelled, cut short by our own deadline, shed by it).
  enum class Outcome { kGood, kFailed, kNeutral };

  explicit CircuitBreaker(BreakerOptions options = {}) : options_(options) {}

  // Whether a call may be made now. Each allowed call must be followed by one record().
  bool allow(SteadyTime now);
  void record(Outcome outcome, std::chrono::milliseconds took, SteadyTime now);
  State state() const { return state_; }
  // While open: how long until the next trial; zero otherwise.
  std::chrono::milliseconds retry_after(SteadyTime now) const;

 private:
  struct Call {
    SteadyTime at;
    bool bad;
  };
  void open(SteadyTime now);
  void record_trial(Outcome outcome, bool bad, SteadyTime now);

  BreakerOptions options_;
  State state_ = State::kClosed;
  std::deque<Call> calls_;
  SteadyTime opened_at_{};
  int trials_running_ = 0;
  int trials_good_ = 0;
};

}  // namespace evc::resilience
