#include "services/charging/events/hearing.hpp"

#include <gtest/gtest.h>

namespace evc::charging {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
const SteadyTime kStart{seconds(1'000)};

// Looks every half second until `end`.
void look_until(Hearing& hearing, SteadyTime from, SteadyTime end) {
  for (SteadyTime at = from; at <= end; at += milliseconds(500)) hearing.hears(at);
}

TEST(Hearing, SilenceMeansSomethingAfterAWhileOnly) {
  Hearing hearing;
  EXPECT_FALSE(hearing.long_enough(kStart));
  look_until(hearing, kStart, kStart + seconds(14));
  EXPECT_FALSE(hearing.long_enough(kStart + seconds(14)));
  look_until(hearing, kStart + seconds(14), kStart + seconds(15));
  EXPECT_TRUE(hearing.long_enough(kStart + seconds(15)));
}

TEST(Hearing, ABreakBeginsAnew) {
  Hearing hearing;
  look_until(hearing, kStart, kStart + seconds(20));
  hearing.is_deaf();
  EXPECT_FALSE(hearing.long_enough(kStart + seconds(20)));
  look_until(hearing, kStart + seconds(21), kStart + seconds(35));
  EXPECT_FALSE(hearing.long_enough(kStart + seconds(35)));
  look_until(hearing, kStart + seconds(35), kStart + seconds(36));
  EXPECT_TRUE(hearing.long_enough(kStart + seconds(36)));
}

TEST(Hearing, AProcessThatWasStoppedHasNotListened) {
  Hearing hearing;
  look_until(hearing, kStart, kStart + seconds(20));
  EXPECT_FALSE(hearing.long_enough(kStart + seconds(32))) << "nobody has looked since";
  hearing.hears(kStart + seconds(32));
  EXPECT_FALSE(hearing.long_enough(kStart + seconds(32)));
}

}  // namespace
}  // namespace evc::charging
