#include "kit/resilience/retry.hpp"

#include <algorithm>

namespace evc::resilience {

std::optional<std::chrono::milliseconds> wait_before(const RetryOptions& options, int next_try, std::uint64_t random,
                                                     std::optional<std::chrono::milliseconds> retry_after,
                                                     std::chrono::milliseconds until_deadline) {
  if (next_try > options.tries) return std::nullopt;
  const int doublings = std::min(next_try - 2, 20);
  const auto ceiling = std::min(options.cap, options.base * (std::int64_t{1} << std::max(doublings, 0)));
  const auto jittered = std::chrono::milliseconds(random % static_cast<std::uint64_t>(ceiling.count() + 1));
  const auto wait = std::max(jittered, retry_after.value_or(std::chrono::milliseconds(0)));
  if (wait >= until_deadline) return std::nullopt;
  return wait;
}

RetryBudget::Second& RetryBudget::current(SteadyTime now) {
  while (!seconds_.empty() && now - seconds_.front().at > options_.window) seconds_.pop_front();
  if (seconds_.empty() || now - seconds_.back().at >= std::chrono::seconds(1)) seconds_.push_back({.at = now});
  return seconds_.back();
}

void RetryBudget::record_call(SteadyTime now) {
  ++current(now).calls;
}

bool RetryBudget::take_retry(SteadyTime now) {
  Second& second = current(now);
  int calls = 0;
  int retries = 0;
  for (const Second& each : seconds_) {
    calls += each.calls;
    retries += each.retries;
  }
  const int allowed = std::max(options_.floor, static_cast<int>(options_.share * calls));
  if (retries >= allowed) return false;
  ++second.retries;
  return true;
}

}  // namespace evc::resilience
