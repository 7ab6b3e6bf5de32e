#include "services/integrations/domain/ocpp/meter_reading.hpp"

#include <charconv>
#include <cmath>

namespace evc::integrations::ocpp {
namespace {

// The largest register and power that an event may carry (contracts/events/ExternalUpdate.schema.json).
constexpr double kEnergyLimitWh = 9e15;
constexpr double kPowerLimitW = 1e7;

std::optional<double> number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_line(std::string_view phase) {
  return phase == "L1" || phase == "L2" || phase == "L3" || phase == "L1-N" || phase == "L2-N" || phase == "L3-N";
}

// In the measurand's base unit.
std::optional<double> total(const MeterValue& value, std::string_view measurand, std::string_view kilo_unit) {
  std::optional<double> whole, outlet, phases;
  for (const auto& sampled : value.sampled) {
    if (sampled.measurand != measurand || sampled.format != "Raw") continue;
    auto parsed = number(sampled.value);
    if (!parsed) continue;
    if (sampled.unit == kilo_unit) *parsed *= 1000;
    if (sampled.phase) {
      if (is_line(*sampled.phase)) phases = phases.value_or(0) + *parsed;
    } else if (sampled.location == "Outlet") {
      outlet = parsed;
    } else {
      whole = parsed;
    }
  }
  if (outlet) return outlet;
  return whole ? whole : phases;
}

}  // namespace

MeterReading reading_of(const MeterValue& value) {
  MeterReading reading{.timestamp = value.timestamp};
  if (const auto energy = total(value, "Energy.Active.Import.Register", "kWh");
      energy && *energy >= 0 && *energy < kEnergyLimitWh) {
    reading.energy_wh = std::llround(*energy);
  }
  if (const auto power = total(value, "Power.Active.Import", "kW"); power && std::abs(*power) < kPowerLimitW)
    reading.power_w = std::llround(*power);
  if (const auto soc = total(value, "SoC", ""); soc && *soc >= 0 && *soc <= 100) reading.soc = *soc / 100;
  return reading;
}

std::optional<MeterReading> latest_reading(const std::vector<MeterValue>& values) {
  std::optional<MeterReading> found;
  for (const auto& value : values) {
    const auto reading = reading_of(value);
    if (reading.energy_wh && (!found || reading.timestamp >= found->timestamp)) found = reading;
  }
  return found;
}

}  // namespace evc::integrations::ocpp
