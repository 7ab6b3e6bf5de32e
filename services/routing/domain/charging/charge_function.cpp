#include "services/routing/domain/charging/charge_function.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace evc::routing {
namespace {

double slope(const ChargeFunction::Point& a, const ChargeFunction::Point& b) {
  return (b.cost - a.cost) / (b.energy - a.energy);
}

}  // namespace

ChargeFunction::ChargeFunction(std::vector<Point> points) : points_(std::move(points)) {
  for (std::size_t i = 1; i + 1 < points_.size(); ++i) {
    const double before = slope(points_[i - 1], points_[i]), after = slope(points_[i], points_[i + 1]);
    if (after > before) steeper_.push_back(points_[i].energy);
    if (after < before) flatter_.push_back(points_[i].energy);
  }
}

Result<ChargeFunction> ChargeFunction::make(std::vector<Point> points) {
  if (points.size() < 2) return fail_field("", "at least two points");
  if (points.front().energy != 0) return fail_field("/0", "the first point stands at energy 0");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool rises = i == 0 || (points[i].energy > points[i - 1].energy && points[i].cost > points[i - 1].cost);
    if (!std::isfinite(points[i].energy) || !std::isfinite(points[i].cost) || !rises)
      return fail_field("/" + std::to_string(i), "energy and time must rise");
  }
  return ChargeFunction(std::move(points));
}

ChargeFunction ChargeFunction::with_price(double scale, double per_energy) const {
  std::vector<Point> points = points_;
  for (Point& point : points) point.cost = scale * point.cost + per_energy * point.energy;
  return ChargeFunction(std::move(points));
}

double ChargeFunction::energy_after(double from, double cost) const {
  const double until = cost_from_empty(from) + std::max(0.0, cost);
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const Point &a = points_[i - 1], &b = points_[i];
    if (until <= b.cost) return a.energy + (b.energy - a.energy) * (until - a.cost) / (b.cost - a.cost);
  }
  return points_.back().energy;
}

double ChargeFunction::least_slope(double from, double to) const {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < points_.size(); ++i) {
    if (points_[i].energy <= from || points_[i - 1].energy >= to) continue;
    least = std::min(least, slope(points_[i - 1], points_[i]));
  }
  return least;
}

}  // namespace evc::routing
