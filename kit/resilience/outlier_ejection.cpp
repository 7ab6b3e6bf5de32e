#include "kit/resilience/outlier_ejection.hpp"

#include <algorithm>

namespace evc::resilience {
namespace {

template <class Calls>
std::chrono::milliseconds median_of(const Calls& calls) {
  std::vector<std::chrono::milliseconds> times;
  for (const auto& call : calls) times.push_back(call.took);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

}  // namespace

OutlierEjection::OutlierEjection(std::size_t instances, OutlierOptions options)
    : options_(options), instances_(instances) {}

std::chrono::milliseconds OutlierEjection::ejected_for(std::size_t instance, SteadyTime now) const {
  const SteadyTime until = instances_[instance].ejected_until;
  return until <= now ? std::chrono::milliseconds(0) : std::chrono::ceil<std::chrono::milliseconds>(until - now);
}

bool OutlierEjection::panics(SteadyTime now) const {
  const auto left = std::ranges::count_if(instances_, [now](const Instance& one) { return one.ejected_until <= now; });
  return static_cast<double>(left) < options_.panic_share * static_cast<double>(instances_.size());
}

std::size_t OutlierEjection::begin_call(SteadyTime now, std::optional<std::size_t> tried) {
  const bool all = panics(now);
  std::size_t best = instances_.size();
  // From another one each time, so that equals take turns.
  ++turn_;
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    const std::size_t index = (turn_ + i) % instances_.size();
    const Instance& one = instances_[index];
    if (!all && one.ejected_until > now) continue;
    const bool better =
        best == instances_.size() || best == tried || (index != tried && one.in_flight < instances_[best].in_flight);
    if (better) best = index;
  }
  ++instances_[best].in_flight;
  return best;
}

void OutlierEjection::record(std::size_t index, Outcome outcome, std::chrono::milliseconds took, SteadyTime now) {
  Instance& instance = instances_[index];
  --instance.in_flight;
  if (outcome == Outcome::kNeutral) return;
  instance.calls.push_back({.at = now, .took = took});
  while (instance.calls.size() > options_.window_calls || instance.calls.front().at + options_.window < now)
    instance.calls.pop_front();
  if (outcome == Outcome::kFailed) {
    // Who comes back and fails at once has not healed.
    const int enough = instance.ejections > 0 ? 1 : options_.failures_in_a_row;
    if (++instance.failures >= enough) eject(instance, now);
    return;
  }
  instance.failures = 0;
  if (is_slow(instance)) {
    eject(instance, now);
  } else if (has_enough(instance) || instance.ejected_until + options_.longest < now) {
    // Also with few calls: what was so long ago says nothing about now.
    instance.ejections = 0;
  }
}

void OutlierEjection::eject(Instance& instance, SteadyTime now) {
  // What was under way when it was ejected says nothing new.
  if (instance.ejected_until > now) return;
  const std::chrono::milliseconds time = std::min<std::chrono::milliseconds>(
      options_.eject_for * (1 << std::min(instance.ejections, 10)), options_.longest);
  ++instance.ejections;
  instance.failures = 0;
  instance.calls.clear();
  instance.ejected_until = now + time;
}

bool OutlierEjection::is_slow(const Instance& instance) const {
  if (!has_enough(instance)) return false;
  const auto own = median_of(instance.calls);
  if (own < options_.slow_from) return false;
  return std::ranges::any_of(instances_, [&](const Instance& other) {
    return &other != &instance && has_enough(other) &&
           static_cast<double>(own.count()) >
               options_.slow_factor * static_cast<double>(median_of(other.calls).count());
  });
}

}  // namespace evc::resilience
