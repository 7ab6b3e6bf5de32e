#include "services/routing/domain/overlay/energy_map.hpp"

#include <algorithm>

namespace evc::routing {
namespace {

EnergyMap::Point between(const EnergyMap::Point& a, const EnergyMap::Point& b, double share) {
  return {a.left + share * (b.left - a.left), a.arrived + share * (b.arrived - a.arrived),
          a.cost + share * (b.cost - a.cost)};
}

}  // namespace

double after_stay(const ParkedOption& option, double seconds, double limit, double arrived) {
  const double time = seconds - option.ready_after;
  if (time <= 0 || arrived >= limit) return arrived;
  return std::max(arrived, std::min(limit, option.seconds.energy_after(arrived, time)));
}

EnergyMap EnergyMap::identity(double capacity) {
  EnergyMap map;
  map.points_ = {{0, 0, 0}, {capacity, capacity, 0}};
  return map;
}

EnergyMap::Point EnergyMap::at(double left) const {
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const Point &a = points_[i - 1], &b = points_[i];
    if (left <= b.left) return between(a, b, std::clamp((left - a.left) / (b.left - a.left), 0.0, 1.0));
  }
  return points_.back();
}

std::optional<double> EnergyMap::left_for(double arrived) const {
  if (points_.empty() || points_.back().arrived < arrived) return std::nullopt;
  if (points_.front().arrived >= arrived) return points_.front().left;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const Point &a = points_[i - 1], &b = points_[i];
    if (b.arrived >= arrived) return a.left + (b.left - a.left) * (arrived - a.arrived) / (b.arrived - a.arrived);
  }
  return std::nullopt;
}

EnergyMap EnergyMap::then(const ev::Profile& profile, double needed) const {
  EnergyMap map;
  if (profile.out < needed) return map;
  const auto first = left_for(std::max(profile.in, needed + profile.cost));
  if (!first) return map;
  std::vector<double> cuts{*first};
  if (const auto full = left_for(profile.out + profile.cost)) cuts.push_back(*full);
  for (const Point& point : points_) cuts.push_back(point.left);
  std::ranges::sort(cuts);
  for (const double left : cuts) {
    if (left < *first || (!map.points_.empty() && left <= map.points_.back().left)) continue;
    Point point = at(left);
    point.arrived = std::min(profile.out, point.arrived - profile.cost);
    map.points_.push_back(point);
  }
  return map;
}

EnergyMap EnergyMap::then_parked(const ParkedOption& option, double seconds, double limit) const {
  EnergyMap map;
  if (points_.empty()) return map;
  const double time = seconds - option.ready_after;
  std::vector<double> cuts;
  for (const Point& point : points_) cuts.push_back(point.left);
  // Where the stay begins or ends on a breakpoint of the charging function, or ends at the limit.
  const auto cut_at = [&](double arrived) {
    if (arrived <= points_.front().arrived) return;
    if (const auto left = left_for(arrived)) cuts.push_back(*left);
  };
  const auto begun_before = [&](double end) {
    const double cost = option.seconds.cost_from_empty(end) - time;
    if (cost > 0) cut_at(option.seconds.energy_after(0, cost));
  };
  for (const auto& point : option.seconds.points()) {
    cut_at(point.energy);
    begun_before(point.energy);
  }
  cut_at(limit);
  begun_before(limit);
  std::ranges::sort(cuts);
  for (const double left : cuts) {
    if (!map.points_.empty() && left <= map.points_.back().left) continue;
    Point point = at(left);
    const double after = after_stay(option, seconds, limit, point.arrived);
    point.cost += option.fixed_price + option.price_per_wh * (after - point.arrived);
    point.arrived = after;
    map.points_.push_back(point);
  }
  return map;
}

}  // namespace evc::routing
