#include "services/routing/domain/imported/all_ways.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace evc::routing::imported {
namespace {

// Of the battery: two ways that differ by less at a junction are one.
constexpr double kToldApart = 5e-4;
// How far a way's energy, of the usual car's, may lie beside that of the whole thriftiest way.
constexpr double kLeastOfUnit = 0.85, kMostOfUnit = 1.2;

// The slowest of use is that of the usual car.
constexpr double kSlack = 1.02;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double share_along(const Spot& spot, roads::LaneId lane) {
  return roads::is_against(lane) ? 1 - spot.place.share : spot.place.share;
}

bool later(const std::pair<double, std::uint32_t>& a, const std::pair<double, std::uint32_t>& b) {
  return a.first > b.first;
}

}  // namespace

std::optional<std::vector<roads::Route>> AllWays::find(std::size_t& labels) {
  start();
  const bool all = search(labels);
  labels -= std::min(labels, labels_.size());
  if (!all) return std::nullopt;
  return std::move(routes_);
}

void AllWays::start() {
  const WayQuestion& asked = question_;
  const roads::LaneCost access = asked.driving.access_cost(access_m(asked.from));
  const Label standing{.seconds = access.seconds, .profile = asked.model.profile_of(access.battery_wh)};
  for (const roads::RouteEnd& end : roads::ways_from(asked.network, asked.fastest, asked.from.place)) {
    Label label = after(standing, end.lane, 1 - share_along(asked.from, end.lane));
    label.node = end.node;
    open(label);
  }
  const roads::DirectWay direct = roads::direct_way(asked.network, asked.fastest, asked.from.place, asked.to.place);
  if (direct.weight < roads::kUnreachable) {
    routes_.push_back(
        {.steps = {{direct.lane, share_along(asked.from, direct.lane), share_along(asked.to, direct.lane)}}});
  }
}

bool AllWays::search(std::size_t labels) {
  const roads::RoadNetwork& network = question_.network;
  const auto ends = roads::ways_to(network, question_.fastest, question_.to.place);
  while (!open_.empty()) {
    const std::uint32_t index = open_.front().second;
    std::ranges::pop_heap(open_, later);
    open_.pop_back();
    if (!keep(index)) continue;
    const Label label = labels_[index];
    for (const roads::RouteEnd& end : ends) {
      if (end.node == label.node) routes_.push_back(route_of(index, end.lane));
    }
    for (roads::ArcId arc = network.first_arc[label.node]; arc < network.first_arc[label.node + 1]; ++arc) {
      Label next = after(label, network.arc_lane[arc], 1);
      next.node = network.arc_head[arc];
      next.before = index;
      open(next);
    }
    if (labels_.size() > labels) return false;
  }
  return true;
}

AllWays::Label AllWays::after(const Label& label, roads::LaneId lane, double share) const {
  const roads::LaneCost cost = question_.driving.rates().cost(question_.network, lane);
  return {.seconds = label.seconds + cost.seconds * share,
          .profile = label.profile.then(question_.model.profile_of(cost.battery_wh * share)),
          .lane = lane};
}

void AllWays::open(const Label& label) {
  if (!label.profile.passable()) return;
  const roads::Weight milliseconds = question_.seconds_left.from(label.node);
  if (milliseconds >= roads::kUnreachable) return;
  const double estimate = label.seconds + milliseconds / 1'000.0;
  double left_wh = 0;
  if (question_.wh_per_unit > 0) {
    const double units = question_.energy_left.from(label.node);
    left_wh = question_.wh_per_unit * units * (units > 0 ? kLeastOfUnit : kMostOfUnit);
  }
  if (beaten(estimate, question_.wh_per_unit > 0 ? label.profile.cost + left_wh : -kInfinity)) return;
  open_.emplace_back(estimate, static_cast<std::uint32_t>(labels_.size()));
  std::ranges::push_heap(open_, later);
  labels_.push_back(label);
}

bool AllWays::beaten(double seconds, double wh) const {
  return seconds > question_.known.back().seconds * kSlack ||
         std::ranges::any_of(question_.known, [&](const Drive& one) {
           return one.seconds <= seconds && one.profile.in + (kSlack - 1) * std::abs(one.profile.in) <= wh;
         });
}

// Labels come to a node in the order of their times: one that saves nothing over an earlier one is of no use.
bool AllWays::keep(std::uint32_t index) {
  Label& label = labels_[index];
  const double told_apart = kToldApart * question_.model.capacity_wh();
  const auto [head, fresh] = heads_.try_emplace(label.node, roads::kNone);
  for (std::uint32_t at = head->second; at != roads::kNone; at = labels_[at].next) {
    const ev::Profile &other = labels_[at].profile, &own = label.profile;
    if (other.in <= own.in + told_apart && other.cost <= own.cost + told_apart && other.out >= own.out - told_apart)
      return false;
  }
  label.next = head->second;
  head->second = index;
  return true;
}

roads::Route AllWays::route_of(std::uint32_t label, roads::LaneId last) const {
  roads::Route route{.steps = {{last, 0, share_along(question_.to, last)}}};
  for (std::uint32_t at = label; at != roads::kNone; at = labels_[at].before) {
    const bool first = labels_[at].before == roads::kNone;
    route.steps.push_back({labels_[at].lane, first ? share_along(question_.from, labels_[at].lane) : 0, 1});
  }
  std::ranges::reverse(route.steps);
  return route;
}

}  // namespace evc::routing::imported
