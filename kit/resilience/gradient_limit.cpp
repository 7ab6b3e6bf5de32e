#include "kit/resilience/gradient_limit.hpp"

#include <algorithm>
#include <cmath>

namespace evc::resilience {
namespace {

constexpr std::size_t kLongCalls = 600;  // what "usually" is averaged over
constexpr std::size_t kShortCalls = 10;
constexpr std::size_t kLearning = 20;  // calls of a kind before it says anything

void follow(double& average, double sample, std::size_t calls, std::size_t over) {
  average += (sample - average) / static_cast<double>(std::min(calls, over));
}

}  // namespace

bool GradientLimit::enter(double share) {
  const double allowed = std::max(1.0, limit_ * share);
  if (static_cast<double>(in_flight_) >= allowed) return false;
  ++in_flight_;
  return true;
}

void GradientLimit::leave(std::string_view name, std::chrono::microseconds took) {
  const std::size_t under_way = in_flight_--;
  Kind& kind = kinds_[std::string(name)];
  const double noise = static_cast<double>(std::chrono::microseconds(options_.noise).count());
  const double sample = std::max(static_cast<double>(took.count()), noise);
  ++kind.calls;
  follow(kind.long_us, sample, kind.calls, kLongCalls);
  follow(kind.short_us, sample, kind.calls, kShortCalls);
  if (kind.calls < kLearning) return;
  // After an overload the long average is too high; it comes down faster than it went up.
  if (kind.long_us > 2 * kind.short_us) kind.long_us *= 0.95;
  // Who does not come near the limit learns nothing about it.
  if (static_cast<double>(under_way) < limit_ / 2 && kind.short_us <= options_.tolerance * kind.long_us) return;
  const double gradient = std::clamp(options_.tolerance * kind.long_us / kind.short_us, 0.5, 1.0);
  const double wanted = limit_ * gradient + std::sqrt(limit_);
  limit_ += options_.smoothing * (wanted - limit_);
  limit_ = std::clamp(limit_, options_.least, options_.most);
}

}  // namespace evc::resilience
