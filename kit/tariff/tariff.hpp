// What a charging session costs. Pure and exact: the sum is a fraction over 3000 (Wh to kWh × seconds to minutes) in
// integers and is rounded once, at the end, half away from zero. Everyone who names a price (estimate, hold, capture,
// receipt, simulator) calls this. Limits: prices below 10^9 minor units, energy up to 1 GWh, idle time up to about
// three years; beyond: validation-failed.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>

#include "kit/base/money.hpp"
#include "kit/base/result.hpp"

namespace evc::tariff {

struct Tariff {
  Currency currency;
  std::int64_t per_kwh_minor = 0;
  std::int64_t start_fee_minor = 0;        // once per session
  std::int64_t idle_per_minute_minor = 0;  // plugged in without charging, after the grace time, by the second
  std::int64_t grace_minutes = 0;
  bool operator==(const Tariff&) const = default;
};
BOOST_DESCRIBE_STRUCT(Tariff, (), (currency, per_kwh_minor, start_fee_minor, idle_per_minute_minor, grace_minutes))

// The parts always sum to the total: each is rounded down, and the minor units that rounding the total leaves over go
// to the parts with the largest remainders (energy before idle when equal).
struct CostBreakdown {
  Currency currency;
  std::int64_t energy_minor = 0;
  std::int64_t start_minor = 0;
  std::int64_t idle_minor = 0;
  std::int64_t total_minor = 0;
  Money total() const { return Money{total_minor, currency}; }
  bool operator==(const CostBreakdown&) const = default;
};
BOOST_DESCRIBE_STRUCT(CostBreakdown, (), (currency, energy_minor, start_minor, idle_minor, total_minor))

// `idle_seconds` counts from the end of charging to unplugging, the grace time included. A session without energy and
// without billable idle time still owes the start fee: whether a session that never began is billed at all is the
// caller's rule.
Result<CostBreakdown> cost(const Tariff& tariff, std::int64_t energy_wh, std::int64_t idle_seconds);

}  // namespace evc::tariff
