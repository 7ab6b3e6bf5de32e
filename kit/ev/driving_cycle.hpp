// A vehicle on the official driving cycles: what it uses and how far it gets, to hold the energy model against
// published figures. Pure values; used by tests, by the calibration of data/vehicles.json and by `evcosta-route
// validate`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/ev/energy_model.hpp"

namespace evc::ev {

struct DrivingCycle {
  std::string name;
  std::vector<double> speeds_mps;  // one per second
};

// "cycle,second,kmh" with a header; seconds count from 0 within each cycle. Errors name the line.
Result<std::vector<DrivingCycle>> read_cycles(std::string_view csv);
const DrivingCycle* find_cycle(const std::vector<DrivingCycle>& cycles, std::string_view name);

// Out of the battery, on the flat at sea level, Wh per km.
double cycle_wh_per_km(const EnergyModel& model, const DrivingCycle& cycle);

// Kilometres by the rule of a published kind of range: wltp, epa, inmetro (data/cycles/README.md). Empty: an unknown
// kind, or a cycle is missing.
std::optional<double> official_range_km(const Vehicle& vehicle, std::string_view kind,
                                        const std::vector<DrivingCycle>& cycles);

}  // namespace evc::ev
