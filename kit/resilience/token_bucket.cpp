#include "kit/resilience/token_bucket.hpp"

#include <algorithm>

namespace evc::resilience {

TokenBucket::Verdict TokenBucket::take(SteadyTime now, std::int64_t cost) {
  using std::chrono::ceil;
  using std::chrono::milliseconds;
  using std::chrono::nanoseconds;
  const nanoseconds each = nanoseconds(options_.period) / options_.count;
  const nanoseconds tolerance = each * options_.burst;
  const SteadyTime from = std::max(full_at_, now);
  const SteadyTime next = from + each * cost;
  const bool allowed = next - now <= tolerance;
  if (allowed) full_at_ = next;
  const nanoseconds used = std::max(full_at_ - now, nanoseconds(0));
  return {.allowed = allowed,
          .remaining = (tolerance - used) / each,
          .retry_after = allowed ? milliseconds(0) : ceil<milliseconds>(next - now - tolerance),
          .reset_after = ceil<milliseconds>(used)};
}

}  // namespace evc::resilience
