#include "services/routing/domain/roads/energy_rates.hpp"

#include <algorithm>
#include <cmath>

namespace evc::routing::roads {
namespace {

constexpr double kStretchM = 1'000;

}  // namespace

EnergyRates energy_rates(const ev::EnergyModel& model, const RateOptions& options) {
  EnergyRates rates;
  const double cap_kmh = options.speed_cap_kmh.value_or(kmh_of_class(kSpeedClasses));
  // A metre in 1,000 s and in 500 s: what differs is what 500 s take.
  const double slowest = model.battery_wh({.length_m = 1, .speed_mps = 0.001, .elevation_m = options.elevation_m});
  const double slow = model.battery_wh({.length_m = 1, .speed_mps = 0.002, .elevation_m = options.elevation_m});
  rates.wh_per_still_second = std::max(0.0, (slowest - slow) / 500);
  for (std::uint32_t bin = 0; bin < kFerryBin; ++bin) {
    const double free_kmh = kmh_of_class(speed_class_of_bin(bin)), kmh = std::min(free_kmh, cap_kmh);
    const double rise = slope_of_bin(bin) * kStretchM;
    rates.wh_per_m[bin] = model.battery_wh({.length_m = kStretchM,
                                            .speed_mps = kmh / 3.6,
                                            .climb_m = std::max(0.0, rise),
                                            .descent_m = std::max(0.0, -rise),
                                            .elevation_m = options.elevation_m,
                                            .headwind_mps = options.headwind_mps}) /
                          kStretchM;
    rates.extra_seconds_per_m[bin] = 3.6 / kmh - 3.6 / free_kmh;
  }
  return rates;
}

LaneCost lane_cost(const RoadNetwork& network, const EnergyRates& rates, LaneId lane) {
  double moving = 0, extra = 0, wh = 0;
  for (const std::uint32_t packed : network.lane_bins(lane)) {
    const std::uint32_t bin = bin_in(packed);
    const double metres = metres_in(packed);
    moving += seconds_in(packed);
    extra += metres * rates.extra_seconds_per_m[bin];
    wh += metres * rates.wh_per_m[bin];
  }
  const double free_seconds = network.lanes[lane].milliseconds / 1'000.0;
  return {.seconds = free_seconds + extra,
          .battery_wh = wh + std::max(0.0, free_seconds - moving) * rates.wh_per_still_second};
}

}  // namespace evc::routing::roads
