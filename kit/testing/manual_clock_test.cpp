#include "kit/testing/manual_clock.hpp"

#include <gtest/gtest.h>

namespace evc::testing {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock;
  const WallTime wall = clock.wall();
  const SteadyTime steady = clock.steady();
  EXPECT_EQ(clock.wall(), wall);
  clock.advance(90s);
  EXPECT_EQ(clock.wall() - wall, 90s);
  EXPECT_EQ(clock.steady() - steady, 90s);
  clock.set_wall(wall - 1h);
  EXPECT_EQ(clock.wall(), wall - 1h);
  EXPECT_EQ(clock.steady() - steady, 90s);
}

}  // namespace
}  // namespace evc::testing
