// A limit of so many per period after a burst, as the generic cell rate algorithm keeps it: one time stamp instead of a
// counter and a timer. Pure: time is passed in.
#pragma once

#include <chrono>
#include <cstdint>

#include "kit/base/clock.hpp"

namespace evc::resilience {

struct BucketOptions {
  std::int64_t burst = 1;  // at once
  std::int64_t count = 1;  // per period, evenly
  std::chrono::milliseconds period{1'000};
};

class TokenBucket {
 public:
  struct Verdict {
    bool allowed = false;
    std::int64_t remaining = 0;                // that would be allowed at once now
    std::chrono::milliseconds retry_after{0};  // until `cost` is allowed
    std::chrono::milliseconds reset_after{0};  // until the bucket is full again
  };
  explicit TokenBucket(BucketOptions options) : options_(options) {}

  Verdict take(SteadyTime now, std::int64_t cost = 1);
  bool full(SteadyTime now) const { return full_at_ <= now; }

 private:
  BucketOptions options_;
  SteadyTime full_at_{};  // when the bucket will be full: the theoretical arrival time
};

}  // namespace evc::resilience
