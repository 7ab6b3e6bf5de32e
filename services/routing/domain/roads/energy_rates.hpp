// A vehicle in some weather as one rate per (speed class, slope class): energy and time of any lane are dot products
// with its histogram. A speed cap moves the faster classes down to it. Made once per vehicle and weather, in
// microseconds; values, copied freely.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "kit/ev/energy_model.hpp"
#include "services/routing/domain/roads/network.hpp"
#include "services/routing/domain/roads/speed_slope.hpp"

namespace evc::routing::roads {

struct EnergyRates {
  std::array<double, kBinCount> wh_per_m{};
  std::array<double, kBinCount> extra_seconds_per_m{};  // over free flow, by the cap
  double wh_per_still_second = 0;                       // at signals and gates, on ferries: what the car takes standing
};

struct RateOptions {
  std::optional<double> speed_cap_kmh;
  double elevation_m = 500;  // air gets thinner; one value for the whole network is within 2 % of drag up to 1,000 m
  double headwind_mps = 0;   // negative: from behind
};

EnergyRates energy_rates(const ev::EnergyModel& model, const RateOptions& options);

struct LaneCost {
  double seconds = 0;
  double battery_wh = 0;  // negative where the lane gives back more than it takes
};
LaneCost lane_cost(const RoadNetwork& network, const EnergyRates& rates, LaneId lane);

}  // namespace evc::routing::roads
