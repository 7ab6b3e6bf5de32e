// Which stations are simulated: of the shipped network's sites those near a corridor and every n-th of the rest, or a
// numbered fleet for load tests whose ids and connectors the integrations service provisions by the same rule. Curves
// are shared by all connectors of the same power and current.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/ev/vehicle.hpp"
#include "simulators/charge_point/domain/charge_point.hpp"

namespace evc::charge_point {

struct Position {
  double lat = 0;
  double lon = 0;
};

struct FleetOptions {
  std::vector<Position> corridor;  // a line through these points
  double corridor_km = 15;
  std::int64_t every = 12;  // of the other sites, in the file's order; 0: none
  std::uint64_t seed = 1;
};

// "lat,lon lat,lon …"; validation-failed with the reason.
Result<std::vector<Position>> parse_corridor(std::string_view text);
Result<std::vector<StationPlan>> plan_sites(std::string_view sites_json, const FleetOptions& options,
                                            const ev::Vehicle& car);
// LOAD-00001 …, two connectors of 60 kW.
std::vector<StationPlan> plan_load_fleet(std::size_t count, std::uint64_t seed, const ev::Vehicle& car);

}  // namespace evc::charge_point
