// A clock that moves only when a test moves it. Both times advance together; the wall clock can also be set, to test
// steps. Not thread-safe: one test, one thread. Lives longer than what it is given to.
#pragma once

#include "kit/base/clock.hpp"

namespace evc::testing {

class ManualClock : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) +
                                        std::chrono::hours(12))
      : wall_(start), steady_(std::chrono::hours(1)) {}

  WallTime wall() const override { return wall_; }
  SteadyTime steady() const override { return steady_; }

  void advance(std::chrono::microseconds by) {
    wall_ += by;
    steady_ += by;
  }
  void set_wall(WallTime time) { wall_ = time; }

 private:
  WallTime wall_;
  SteadyTime steady_;
};

}  // namespace evc::testing
