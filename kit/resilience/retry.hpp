// When a failed call is made again: at most three tries, exponential back-off with full jitter, Retry-After honoured,
// never past the caller's deadline, and only while retries stay a small share of the live calls, so that a struggling
// callee is not buried by them. Pure: time and chance are passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "kit/base/clock.hpp"

namespace evc::resilience {

struct RetryOptions {
  int tries = 3;
  std::chrono::milliseconds base{100};
  std::chrono::milliseconds cap{1'000};
};

// How long to wait before try number `next_try` (2 is the first repetition): uniform in [0, min(cap, base · 2^(next_try
// − 2))], or Retry-After when that is longer. `random` is any 64 random bits. nullopt: no further try, because they are
// used up or the wait would not end before the deadline.
std::optional<std::chrono::milliseconds> wait_before(const RetryOptions& options, int next_try, std::uint64_t random,
                                                     std::optional<std::chrono::milliseconds> retry_after,
                                                     std::chrono::milliseconds until_deadline);

// Retries may be 20 % of the calls in the last ten seconds, and three in any case.
class RetryBudget {
 public:
  struct Options {
    double share = 0.2;
    int floor = 3;
    std::chrono::milliseconds window{10'000};
  };
  RetryBudget() = default;
  explicit RetryBudget(Options options) : options_(options) {}

  void record_call(SteadyTime now);
  // Takes one retry out of the budget, or refuses.
  bool take_retry(SteadyTime now);

 private:
  struct Second {
    SteadyTime at;
    int calls = 0;
    int retries = 0;
  };
  Second& current(SteadyTime now);

  Options options_;
  std::deque<Second> seconds_;
};

}  // namespace evc::resilience
