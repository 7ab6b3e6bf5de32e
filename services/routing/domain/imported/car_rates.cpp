#include "services/routing/domain/imported/car_rates.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace evc::routing::imported {
namespace {

constexpr double kSector = 2 * std::numbers::pi / kHeadings;

}  // namespace

std::uint32_t heading_of(const roads::RoadNetwork& network, roads::LaneId lane) {
  const auto shape = network.shape(roads::segment_of(lane));
  Position from = position_of(shape.front().point), to = position_of(shape.back().point);
  if (roads::is_against(lane)) std::swap(from, to);
  const auto sector = std::lround(bearing_radians(from, to) / kSector);
  return static_cast<std::uint32_t>((sector + kHeadings) % kHeadings);
}

double headwind_mps(const Wind& wind, std::uint32_t heading) {
  return wind.speed_mps * std::cos(heading * kSector - wind.from_deg * std::numbers::pi / 180);
}

CarRates::CarRates(const ev::EnergyModel& model, const Wind& wind, double cap_kmh) : cap_kmh_(cap_kmh) {
  const std::uint32_t headings = wind.speed_mps > 0 ? kHeadings : 1;
  for (std::uint32_t heading = 0; heading < headings; ++heading) {
    by_heading_.push_back(
        roads::energy_rates(model, {.speed_cap_kmh = cap_kmh, .headwind_mps = headwind_mps(wind, heading)}));
  }
}

roads::LaneCost CarRates::cost(const roads::RoadNetwork& network, roads::LaneId lane) const {
  return roads::lane_cost(network, towards(by_heading_.size() == 1 ? 0 : heading_of(network, lane)), lane);
}

double CarRates::least_wh_per_m() const {
  double least = by_heading_.front().wh_per_m[roads::bin_of(roads::kSpeedClasses, roads::kSlopeClasses - 1)];
  for (const roads::EnergyRates& rates : by_heading_) {
    for (std::uint32_t bin = 0; bin < roads::kFerryBin; ++bin) {
      if (roads::slope_of_bin(bin) >= 0) least = std::min(least, rates.wh_per_m[bin]);
    }
  }
  return least;
}

}  // namespace evc::routing::imported
