#include "kit/ev/driving_cycle.hpp"

#include <algorithm>

#include "kit/base/csv.hpp"

namespace evc::ev {
namespace {

// Cycles are driven with a driver and some load, at a mild temperature.
constexpr Conditions kTestConditions{.temperature_c = 23, .payload_kg = 136};
// What the road takes beyond the cycle, by the rule of EPA and Inmetro.
constexpr double kRoadShare = 0.7;
constexpr double kCityShare = 0.55;

}  // namespace

Result<std::vector<DrivingCycle>> read_cycles(std::string_view csv) {
  EVC_TRY(table, CsvTable::read(csv, "cycle,second,kmh"));
  std::vector<DrivingCycle> cycles;
  for (std::size_t row = 0; row < table.size(); ++row) {
    EVC_TRY(at, table.number(row, 1));
    EVC_TRY(kmh, table.number(row, 2));
    if (!(kmh >= 0 && kmh < 400))
      return fail_field(table.pointer(row), "the speed must be at least 0 and below 400 km/h");
    const std::string_view name = table.text(row, 0);
    if (cycles.empty() || cycles.back().name != name) cycles.push_back({.name = std::string(name)});
    if (at != static_cast<double>(cycles.back().speeds_mps.size()))
      return fail_field(table.pointer(row), "seconds must count from 0");
    cycles.back().speeds_mps.push_back(kmh / 3.6);
  }
  return cycles;
}

const DrivingCycle* find_cycle(const std::vector<DrivingCycle>& cycles, std::string_view name) {
  const auto found = std::ranges::find(cycles, name, &DrivingCycle::name);
  return found == cycles.end() ? nullptr : &*found;
}

double cycle_wh_per_km(const EnergyModel& model, const DrivingCycle& cycle) {
  double metres = 0, wh = 0;
  for (std::size_t i = 1; i < cycle.speeds_mps.size(); ++i) {
    const double before = cycle.speeds_mps[i - 1], after = cycle.speeds_mps[i], mean = (before + after) / 2;
    if (mean <= 0) {
      wh += model.standing_wh(1);
      continue;
    }
    metres += mean;
    wh +=
        model.battery_wh({.length_m = mean, .speed_mps = mean, .speed_square_change = after * after - before * before});
  }
  return metres > 0 ? wh / metres * 1000 : 0;
}

std::optional<double> official_range_km(const Vehicle& vehicle, std::string_view kind,
                                        const std::vector<DrivingCycle>& cycles) {
  const EnergyModel model(vehicle, kTestConditions);
  if (kind == "wltp") {
    const DrivingCycle* cycle = find_cycle(cycles, "WLTC");
    if (cycle == nullptr) return std::nullopt;
    return vehicle.usable_wh() / cycle_wh_per_km(model, *cycle);
  }
  const DrivingCycle *city = find_cycle(cycles, "UDDS"), *highway = find_cycle(cycles, "HWFET");
  if ((kind != "epa" && kind != "inmetro") || city == nullptr || highway == nullptr) return std::nullopt;
  const double mixed = kCityShare * cycle_wh_per_km(model, *city) + (1 - kCityShare) * cycle_wh_per_km(model, *highway);
  return kRoadShare * vehicle.usable_wh() / mixed;
}

}  // namespace evc::ev
