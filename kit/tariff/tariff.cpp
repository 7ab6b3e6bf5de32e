#include "kit/tariff/tariff.hpp"

#include <algorithm>

namespace evc::tariff {
namespace {

constexpr std::int64_t kDenominator = 3000;  // the least common multiple of 1000 Wh per kWh and 60 s per minute
constexpr std::int64_t kPriceLimit = 1'000'000'000;
constexpr std::int64_t kEnergyLimitWh = 1'000'000'000;
constexpr std::int64_t kIdleLimitSeconds = 100'000'000;

bool within(std::int64_t value, std::int64_t limit) {
  return value >= 0 && value <= limit;
}

Result<void> check(const Tariff& tariff, std::int64_t energy_wh, std::int64_t idle_seconds) {
  if (!within(tariff.per_kwh_minor, kPriceLimit)) return fail_field("/perKwhMinor", "must be 0 to 10^9");
  if (!within(tariff.start_fee_minor, kPriceLimit)) return fail_field("/startFeeMinor", "must be 0 to 10^9");
  if (!within(tariff.idle_per_minute_minor, kPriceLimit)) return fail_field("/idlePerMinuteMinor", "must be 0 to 10^9");
  if (!within(tariff.grace_minutes, kIdleLimitSeconds / 60)) return fail_field("/graceMinutes", "out of range");
  if (!within(energy_wh, kEnergyLimitWh)) return fail_field("/energyWh", "must be 0 to 10^9");
  if (!within(idle_seconds, kIdleLimitSeconds)) return fail_field("/idleSeconds", "must be 0 to 10^8");
  return {};
}

}  // namespace

Result<CostBreakdown> cost(const Tariff& tariff, std::int64_t energy_wh, std::int64_t idle_seconds) {
  EVC_CHECK(check(tariff, energy_wh, idle_seconds));
  const std::int64_t billable_seconds = std::max<std::int64_t>(0, idle_seconds - tariff.grace_minutes * 60);
  // At most 3·10^18 and 5·10^18: their sum stays below 2^63.
  const std::int64_t energy = energy_wh * tariff.per_kwh_minor * (kDenominator / 1000);
  const std::int64_t idle = billable_seconds * tariff.idle_per_minute_minor * (kDenominator / 60);
  const std::int64_t usage = energy + idle;
  const std::int64_t usage_minor = usage / kDenominator + (usage % kDenominator * 2 >= kDenominator ? 1 : 0);

  CostBreakdown parts{.currency = tariff.currency,
                      .energy_minor = energy / kDenominator,
                      .start_minor = tariff.start_fee_minor,
                      .idle_minor = idle / kDenominator};
  const bool energy_first = energy % kDenominator >= idle % kDenominator;
  for (std::int64_t left = usage_minor - parts.energy_minor - parts.idle_minor, turn = 0; left > 0; --left, ++turn) {
    ((turn % 2 == 0) == energy_first ? parts.energy_minor : parts.idle_minor) += 1;
  }
  parts.total_minor = usage_minor + tariff.start_fee_minor;
  return parts;
}

}  // namespace evc::tariff
