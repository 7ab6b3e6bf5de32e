// A car in some weather on an imported network, at one speed cap: its rates for each of eight headings, because wind
// pushes or brakes by where a lane leads. Without wind the headings are one. Values; made in microseconds.
#pragma once

#include <vector>

#include "services/routing/domain/roads/energy_rates.hpp"
#include "services/routing/domain/trip.hpp"

namespace evc::routing::imported {

constexpr std::uint32_t kHeadings = 8;
// Of a lane, from its begin to its end in a straight line; 0 is north, clockwise.
std::uint32_t heading_of(const roads::RoadNetwork& network, roads::LaneId lane);

class CarRates {
 public:
  CarRates(const ev::EnergyModel& model, const Wind& wind, double cap_kmh);

  double cap_kmh() const { return cap_kmh_; }
  const roads::EnergyRates& towards(std::uint32_t heading) const {
    return by_heading_.size() == 1 ? by_heading_.front() : by_heading_[heading];
  }
  // Of a whole lane.
  roads::LaneCost cost(const roads::RoadNetwork& network, roads::LaneId lane) const;
  // No road of this car takes less per metre, but downhill.
  double least_wh_per_m() const;

 private:
  double cap_kmh_;
  std::vector<roads::EnergyRates> by_heading_;
};

// Against a car with this heading.
double headwind_mps(const Wind& wind, std::uint32_t heading);

}  // namespace evc::routing::imported
