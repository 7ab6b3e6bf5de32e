// A country of fast-charging sites made by seed, as an Overlay for one car: towns in clusters and along the way between
// them, roads that wind, hills, five ways to drive between any two sites within reach. For benchmarks.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "kit/ev/vehicle.hpp"
#include "services/routing/domain/overlay/problem.hpp"

namespace evc::bench {

struct CountryTrip {
  std::unique_ptr<routing::TripGraph> graph;
  routing::Problem problem;
  double km = 0;
};

class Country {
 public:
  Country(std::uint64_t seed, std::size_t sites, ev::Vehicle vehicle);

  const routing::Overlay& overlay() const { return *overlay_; }
  // From one random point to another that is `least_km` to `most_km` away by road.
  CountryTrip trip(std::mt19937_64& random, double least_km, double most_km) const;

 private:
  struct Point {
    double x = 0, y = 0;  // km
  };
  double elevation(const Point& point) const;
  double road_km(const Point& a, const Point& b) const;
  std::vector<routing::Drive> drives(const Point& from, const Point& to) const;
  Point random_point(std::mt19937_64& random) const;

  ev::Vehicle vehicle_;
  ev::EnergyModel model_;
  std::vector<Point> towns_, sites_;
  std::vector<double> site_kw_;
  std::unique_ptr<routing::Overlay> overlay_;
};

ev::Vehicle middle_class_car();

}  // namespace evc::bench
