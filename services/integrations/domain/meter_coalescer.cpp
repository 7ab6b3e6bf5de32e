#include "services/integrations/domain/meter_coalescer.hpp"

#include <algorithm>

namespace evc::integrations {

std::optional<ocpp::MeterReading> MeterCoalescer::offer(std::int64_t transaction_id, const ocpp::MeterReading& reading,
                                                        SteadyTime now) {
  const auto [entry, is_first] = transactions_.try_emplace(transaction_id, State{.published_at = now});
  auto& state = entry->second;
  if (!is_first && now - state.published_at < interval_) {
    state.held = reading;
    return std::nullopt;
  }
  state = {.published_at = now};
  return reading;
}

std::vector<MeterCoalescer::Due> MeterCoalescer::take_due(SteadyTime now) {
  std::vector<Due> due;
  for (auto& [transaction_id, state] : transactions_) {
    if (!state.held || now - state.published_at < interval_) continue;
    due.push_back({.transaction_id = transaction_id, .reading = *state.held});
    state = {.published_at = now};
  }
  return due;
}

std::optional<SteadyTime> MeterCoalescer::next_due() const {
  std::optional<SteadyTime> next;
  for (const auto& [transaction_id, state] : transactions_) {
    if (!state.held) continue;
    const auto due = state.published_at + interval_;
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

}  // namespace evc::integrations
