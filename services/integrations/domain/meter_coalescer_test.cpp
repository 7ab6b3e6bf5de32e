#include "services/integrations/domain/meter_coalescer.hpp"

#include <gtest/gtest.h>

namespace evc::integrations {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ocpp::MeterReading reading(std::int64_t wh) {
  return {.energy_wh = wh};
}

TEST(MeterCoalescer, TheFirstGoesOutAtOnceAndTheNewestOfTheRestAfterTheInterval) {
  MeterCoalescer coalescer(seconds(5));
  const SteadyTime start{};
  EXPECT_EQ(coalescer.offer(1, reading(10), start)->energy_wh, 10);
  EXPECT_FALSE(coalescer.offer(1, reading(20), start + seconds(1)));
  EXPECT_FALSE(coalescer.offer(1, reading(30), start + seconds(2)));
  EXPECT_EQ(coalescer.next_due(), start + seconds(5));
  EXPECT_TRUE(coalescer.take_due(start + milliseconds(4999)).empty());
  const auto due = coalescer.take_due(start + seconds(5));
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].reading.energy_wh, 30);
  EXPECT_FALSE(coalescer.next_due());
  EXPECT_FALSE(coalescer.offer(1, reading(40), start + seconds(6))) << "the held one counted as published";
}

TEST(MeterCoalescer, ASlowMeterIsNotHeldBack) {
  MeterCoalescer coalescer(seconds(5));
  const SteadyTime start{};
  EXPECT_TRUE(coalescer.offer(1, reading(10), start));
  EXPECT_TRUE(coalescer.offer(1, reading(20), start + seconds(5)));
  EXPECT_TRUE(coalescer.offer(2, reading(1), start + seconds(6))) << "each transaction has its own interval";
}

TEST(MeterCoalescer, AnEndedTransactionIsForgotten) {
  MeterCoalescer coalescer(seconds(5));
  const SteadyTime start{};
  EXPECT_TRUE(coalescer.offer(1, reading(10), start));
  EXPECT_FALSE(coalescer.offer(1, reading(20), start));
  coalescer.forget(1);
  EXPECT_FALSE(coalescer.next_due());
}

}  // namespace
}  // namespace evc::integrations
