// How one car drives ways of an imported network at one speed cap: step by step, and as a drive whose profile is that
// of its steps. Spots are where trips begin, stop and end: a place on a road, and a short way beside it. Values that
// refer to network and model.
#pragma once

#include "services/routing/domain/imported/car_rates.hpp"
#include "services/routing/domain/roads/route.hpp"
#include "services/routing/domain/trip_network.hpp"

namespace evc::routing::imported {

struct Spot {
  roads::RoadPlace place;
  Position position;
  double off_road_m = 0;
};

// A way and where it leads from and to.
struct Way {
  const roads::Route& route;
  const Spot& from;
  const Spot& to;
};

// From a spot to its road, or back: winding and speed of small streets, estimated; flat.
constexpr double kAccessWinding = 1.3;
constexpr double kAccessSpeedMps = 40 / 3.6;
constexpr double kLeastAccessM = 1;  // every spot has one, so that a way always ends beside the road
double access_m(const Spot& spot);

class Driving {
 public:
  Driving(const roads::RoadNetwork& network, const ev::EnergyModel& model, const Wind& wind, double cap_kmh)
      : network_(network), model_(model), rates_(model, wind, cap_kmh) {}

  const CarRates& rates() const { return rates_; }
  std::vector<RoadStep> steps(const Way& way) const;
  Drive drive(const Way& way, std::uint32_t number) const;
  // What access_m() metres beside the road take.
  roads::LaneCost access_cost(double metres) const;

 private:
  template <class Visit>
  void each_piece(const Way& way, Visit&& visit) const;

  const roads::RoadNetwork& network_;
  const ev::EnergyModel& model_;
  CarRates rates_;
};

}  // namespace evc::routing::imported
