// What it costs to charge: τ(energy), the cost (seconds, or seconds and money weighed) of charging from empty,
// piecewise linear and strictly rising, neither convex nor concave by assumption. Energies are Wh or the unit of an
// instance. Immutable value; a handful of points, so every look-up is a short scan.
//
// Why kinks matter: along a chain of stops the cost is a sum of τ(departure) − τ_next(departure − leg), so an optimal
// departure lies at a limit, where this τ becomes steeper (the power falls), or where the next one becomes flatter (its
// power rises). Nothing in between needs to be tried.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kit/base/result.hpp"

namespace evc::routing {

class ChargeFunction {
 public:
  struct Point {
    double energy = 0;
    double cost = 0;
  };
  // At least two points, the first at energy 0; energy and cost rise strictly and are finite. Else validation-failed
  // with the pointer /<index>.
  static Result<ChargeFunction> make(std::vector<Point> points);
  // The same curve with another price: cost + per_energy · energy.
  ChargeFunction with_price(double scale, double per_energy) const;

  double most() const { return points_.back().energy; }
  // Energy is clamped to [0, most()].
  double cost_from_empty(double energy) const {
    if (energy <= 0) return points_.front().cost;
    for (std::size_t i = 1; i < points_.size(); ++i) {
      const Point &a = points_[i - 1], &b = points_[i];
      if (energy <= b.energy) return a.cost + (b.cost - a.cost) * (energy - a.energy) / (b.energy - a.energy);
    }
    return points_.back().cost;
  }
  double cost(double from, double to) const { return cost_from_empty(to) - cost_from_empty(from); }
  // Where charging from `from` ends when it may cost `cost`; at most most().
  double energy_after(double from, double cost) const;
  // Least cost per unit of energy between two energies.
  double least_slope(double from, double to) const;

  std::span<const Point> points() const { return points_; }
  std::span<const double> steeper() const { return steeper_; }  // interior energies where τ's slope rises
  std::span<const double> flatter() const { return flatter_; }  // interior energies where τ's slope falls

 private:
  explicit ChargeFunction(std::vector<Point> points);
  std::vector<Point> points_;
  std::vector<double> steeper_, flatter_;
};

}  // namespace evc::routing
