// Which of a service's instances a call goes to: the one with the fewest calls under way, of those that are not
// ejected. Ejected for a while is who fails three times in a row, or takes more than three times as long as the best of
// the others; each further time for longer. When fewer than half would be left, none counts as ejected: a fault that
// everybody has is no instance's own, and the rest would be buried. Pure: time is passed in. Lives on one worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "kit/base/clock.hpp"

namespace evc::resilience {

struct OutlierOptions {
  int failures_in_a_row = 3;
  std::size_t window_calls = 20;  // for the comparison of their times
  std::size_t minimum_calls = 8;  // of the slow one and of the one it is compared with
  double slow_factor = 3;
  std::chrono::milliseconds slow_from{100};  // below this nobody is slow
  std::chrono::milliseconds window{10'000};
  std::chrono::milliseconds eject_for{5'000};  // doubled with each time, up to `longest`
  std::chrono::milliseconds longest{60'000};
  double panic_share = 0.5;  // of instances that must be left
};

class OutlierEjection {
 public:
  enum class Outcome { kGood, kFailed, kNeutral };

  OutlierEjection(std::size_t instances, OutlierOptions options = {});

  // The instance for a call; for another try of it not the one that was just tried, if there is any other. Each must be
  // followed by one record().
  std::size_t begin_call(SteadyTime now, std::optional<std::size_t> tried = std::nullopt);
  void record(std::size_t instance, Outcome outcome, std::chrono::milliseconds took, SteadyTime now);

  std::size_t size() const { return instances_.size(); }
  std::size_t in_flight(std::size_t instance) const { return instances_[instance].in_flight; }
  int failures(std::size_t instance) const { return instances_[instance].failures; }
  // Told to stay away, whether or not too many are: zero when it is not.
  std::chrono::milliseconds ejected_for(std::size_t instance, SteadyTime now) const;
  bool panics(SteadyTime now) const;

 private:
  struct Call {
    SteadyTime at;
    std::chrono::milliseconds took;
  };
  struct Instance {
    std::size_t in_flight = 0;
    int failures = 0;  // in a row
    int ejections = 0;
    SteadyTime ejected_until{};
    std::deque<Call> calls;
  };
  void eject(Instance& instance, SteadyTime now);
  bool is_slow(const Instance& instance) const;
  bool has_enough(const Instance& instance) const { return instance.calls.size() >= options_.minimum_calls; }

  OutlierOptions options_;
  std::vector<Instance> instances_;
  std::size_t turn_ = 0;
};

}  // namespace evc::resilience
