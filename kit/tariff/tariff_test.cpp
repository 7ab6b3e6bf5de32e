#include "kit/tariff/tariff.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kit/base/json.hpp"

namespace evc::tariff {
namespace {

constexpr Tariff kUsual{.per_kwh_minor = 219, .start_fee_minor = 200, .idle_per_minute_minor = 80, .grace_minutes = 10};

TEST(Cost, EnergyStartAndIdle) {
  const auto parts = cost(kUsual, 10'000, 15 * 60);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->energy_minor, 2190);
  EXPECT_EQ(parts->start_minor, 200);
  EXPECT_EQ(parts->idle_minor, 5 * 80);
  EXPECT_EQ(parts->total(), (Money{2790, Currency::brl()}));
}

TEST(Cost, RoundsOnceHalfAwayFromZero) {
  const Tariff one{.per_kwh_minor = 1};
  EXPECT_EQ(cost(one, 499, 0)->total_minor, 0);
  EXPECT_EQ(cost(one, 500, 0)->total_minor, 1);
  EXPECT_EQ(cost(one, 1499, 0)->total_minor, 1);
  EXPECT_EQ(cost(one, 1500, 0)->total_minor, 2);
  // 0.4 + 0.4 is 0.8, so 1: parts rounded each for itself would give 0.
  const Tariff both{.per_kwh_minor = 1, .idle_per_minute_minor = 1};
  const auto parts = cost(both, 400, 24);
  EXPECT_EQ(parts->total_minor, 1);
  EXPECT_EQ(parts->energy_minor + parts->idle_minor, 1);
}

TEST(Cost, GraceTimeIsFree) {
  EXPECT_EQ(cost(kUsual, 0, 600)->idle_minor, 0);
  EXPECT_EQ(cost(kUsual, 0, 660)->idle_minor, 80);
}

TEST(Cost, PartsSumToTheTotalAndTheTotalIsWithinHalfAUnit) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const Tariff tariff{.per_kwh_minor = static_cast<std::int64_t>(random() % 500),
                        .start_fee_minor = static_cast<std::int64_t>(random() % 500),
                        .idle_per_minute_minor = static_cast<std::int64_t>(random() % 200),
                        .grace_minutes = static_cast<std::int64_t>(random() % 20)};
    const auto energy_wh = static_cast<std::int64_t>(random() % 100'000);
    const auto idle_seconds = static_cast<std::int64_t>(random() % 7200);
    const auto parts = cost(tariff, energy_wh, idle_seconds);
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->energy_minor + parts->start_minor + parts->idle_minor, parts->total_minor);
    const long double billable = std::max<std::int64_t>(0, idle_seconds - tariff.grace_minutes * 60);
    const long double exact = energy_wh * static_cast<long double>(tariff.per_kwh_minor) / 1000 +
                              tariff.start_fee_minor + billable * tariff.idle_per_minute_minor / 60;
    ASSERT_LE(std::abs(static_cast<double>(parts->total_minor - exact)), 0.5 + 1e-9);
  }
}

TEST(Cost, RefusesWhatIsNegativeOrAbsurd) {
  EXPECT_FALSE(cost(kUsual, -1, 0));
  EXPECT_FALSE(cost(kUsual, 0, -1));
  EXPECT_FALSE(cost(Tariff{.per_kwh_minor = -1}, 1, 0));
  EXPECT_FALSE(cost(kUsual, 2'000'000'000, 0));
  const Tariff extreme{
      .per_kwh_minor = 1'000'000'000, .start_fee_minor = 1'000'000'000, .idle_per_minute_minor = 1'000'000'000};
  EXPECT_EQ(cost(extreme, 1'000'000'000, 100'000'000)->energy_minor, 1'000'000'000'000'000);
}

TEST(Tariff, IsReadFromTheShippedSitesShape) {
  const auto tariff = json::decode_text<Tariff>(
      R"({"currency":"BRL","perKwhMinor":219,"startFeeMinor":200,"idlePerMinuteMinor":80,"graceMinutes":10})");
  ASSERT_TRUE(tariff);
  EXPECT_EQ(*tariff, kUsual);
}

}  // namespace
}  // namespace evc::tariff
