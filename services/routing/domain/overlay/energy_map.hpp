// The energy with which a car arrives, and what it pays, as a function of the energy with which it leaves, over a way
// that passes vias: piecewise linear, rising, with a least energy below which the way cannot be driven. Composed drive
// by drive; charging during a stay is one more piece. A value of a handful of points, made per way.
#pragma once

#include <optional>
#include <vector>

#include "kit/ev/energy_model.hpp"
#include "services/routing/domain/overlay/problem.hpp"

namespace evc::routing {

class EnergyMap {
 public:
  struct Point {
    double left = 0;     // energy on leaving
    double arrived = 0;  // energy on arrival
    double cost = 0;     // weighed price of what was charged on the way
  };
  // Everything up to `capacity` arrives as it left.
  static EnergyMap identity(double capacity);

  bool empty() const { return points_.empty(); }
  double least() const { return points_.front().left; }
  double most() const { return points_.back().left; }
  // Then drive on, and arrive with at least `needed`.
  EnergyMap then(const ev::Profile& profile, double needed) const;
  // Then stand for `seconds` and charge as far as that and `limit` allow.
  EnergyMap then_parked(const ParkedOption& option, double seconds, double limit) const;
  // Between least() and most().
  Point at(double left) const;
  // The least energy on leaving that arrives with `arrived`; empty when none does.
  std::optional<double> left_for(double arrived) const;
  const std::vector<Point>& points() const { return points_; }

 private:
  std::vector<Point> points_;  // `left` rises strictly; one point when only one energy is possible
};

// How much a car that came with `arrived` has when the stay is over.
double after_stay(const ParkedOption& option, double seconds, double limit, double arrived);

}  // namespace evc::routing
