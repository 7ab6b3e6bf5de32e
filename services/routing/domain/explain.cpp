// Why a trip is infeasible: how far the car gets, where the gap lies, and the least changes that close it. Each change
// is searched by the cheap reachability and then solved in full before it is named. When the time is up, the changes
// found so far are named; where the gap lies is always told.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/replay.hpp"

namespace evc::routing {
namespace {

// Work limit of one verification; a change that needs more is not named.
constexpr std::size_t kVerifyLabels = 100'000;

bool given_up(const TripRequest& request) {
  return request.give_up && request.give_up();
}

bool reachable(const PreparedTrip& trip) {
  return trip.search().reach().feasible;
}

bool reachable(const Network& network, const TripRequest& request) {
  const auto trip = PreparedTrip::make(network, request);
  return trip && reachable(**trip);
}

// Seconds of the solved trip, when there is one.
std::optional<double> solved_seconds(const PreparedTrip& trip) {
  LabelSearch search = trip.search();
  const SearchOutcome outcome = search.run();
  if (outcome.status != SearchOutcome::Status::kFound) return std::nullopt;
  return make_plan(trip, outcome).totals.seconds;
}

struct Knob {
  const char* kind;
  // The values to try, from the smallest change to the largest; feasibility grows along them.
  std::vector<double> values;
  std::function<void(TripRequest&, double)> turn;
};

std::vector<double> steps(double from, double to, double step) {
  std::vector<double> values;
  const auto count = static_cast<int>(std::floor((to - from) / step + 1e-9));
  for (int i = 1; i <= count; ++i) values.push_back(from + i * step);
  return values;
}

std::vector<Knob> knobs(const TripRequest& request) {
  std::vector<Knob> list;
  list.push_back({"startSoc", steps(request.soc, 1.0, 0.01), [](TripRequest& r, double soc) { r.soc = soc; }});
  list.push_back({"maxSpeedKmh", steps(-std::min(request.max_speed_kmh, 110.0), -50, 5),
                  [](TripRequest& r, double kmh) { r.max_speed_kmh = -kmh; }});
  list.push_back({"minArrivalSoc", steps(-request.min_arrival_soc, 0, 0.01),
                  [](TripRequest& r, double soc) { r.min_arrival_soc = std::max(0.0, -soc); }});
  list.push_back({"minStopSoc", steps(-request.min_stop_soc, 0, 0.01),
                  [](TripRequest& r, double soc) { r.min_stop_soc = std::max(0.0, -soc); }});
  list.push_back({"batteryKwh", steps(0, 150, 0.5), [](TripRequest& r, double kwh) { r.vehicle.usable_kwh += kwh; }});
  return list;
}

std::optional<Relaxation> least_change(const Network& network, const TripRequest& request, const Knob& knob) {
  const auto feasible_with = [&](double value) {
    if (given_up(request)) return false;
    TripRequest changed = request;
    knob.turn(changed, value);
    return reachable(network, changed);
  };
  if (knob.values.empty() || !feasible_with(knob.values.back())) return std::nullopt;
  const auto first = std::ranges::partition_point(knob.values, [&](double value) { return !feasible_with(value); });
  if (first == knob.values.end() || given_up(request)) return std::nullopt;
  TripRequest changed = request;
  knob.turn(changed, *first);
  changed.label_limit = kVerifyLabels;
  const auto trip = PreparedTrip::make(network, changed);
  if (!trip) return std::nullopt;
  const auto seconds = solved_seconds(**trip);
  if (!seconds) return std::nullopt;
  return Relaxation{.kind = knob.kind, .value = std::abs(*first), .seconds = *seconds};
}

// Where one more fast site would make the trip possible; tried along the gap, from its middle outwards.
std::optional<Relaxation> new_station(const PreparedTrip& trip, const std::vector<RoadStep>& road) {
  std::vector<NodeId> nodes;
  for (const RoadStep& step : road) {
    if (step.to < trip.network().places().size()) nodes.push_back(step.to);
  }
  const auto middle = static_cast<std::ptrdiff_t>(nodes.size() / 2);
  std::vector<std::size_t> order(nodes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::pair(std::abs(static_cast<std::ptrdiff_t>(i) - middle), i); });
  TripRequest changed = trip.request();
  changed.label_limit = kVerifyLabels;
  for (const std::size_t i : order) {
    auto imagined = PreparedTrip::make(trip.network(), changed);
    if (!imagined || given_up(changed)) return std::nullopt;
    (*imagined)->options().add_imagined(nodes[i], changed.vehicle);
    if (!reachable(**imagined)) continue;
    const auto seconds = solved_seconds(**imagined);
    if (seconds)
      return Relaxation{.kind = "station", .place_id = trip.network().places()[nodes[i]].id, .seconds = *seconds};
  }
  return std::nullopt;
}

// Drives on along a road until the battery is empty: how far one gets beyond the last reached site.
EndPoint furthest_on(const PreparedTrip& trip, const std::vector<RoadStep>& road, NodeId from, double stored_wh) {
  EndPoint point = trip.end_point(from);
  for (const RoadStep& step : road) {
    if (step.battery_wh > stored_wh) {
      const double share = std::clamp(stored_wh / step.battery_wh, 0.0, 1.0);
      EndPoint on_the_way{.name = "near " + trip.end_point(share < 0.5 ? step.from : step.to).name,
                          .position = between(trip.graph().position(step.from), trip.graph().position(step.to), share)};
      return on_the_way;
    }
    stored_wh = std::min(trip.graph().model().capacity_wh(), stored_wh - step.battery_wh);
    point = trip.end_point(step.to);
  }
  return point;
}

struct Frontier {
  std::size_t stage = 0;
  NodeId node = 0;
  double leaving_wh = 0;
  double left_m = std::numeric_limits<double>::infinity();
  std::vector<RoadStep> road;  // to the stage's target
};

double length_m(const std::vector<RoadStep>& road) {
  double metres = 0;
  for (const RoadStep& step : road) metres += step.length_m;
  return metres;
}

// The reached node of the furthest stage from which the least road is left.
Frontier find_frontier(const PreparedTrip& trip, const LabelSearch& search, const LabelSearch::Reach& reach) {
  Frontier best{.node = trip.start()};
  const auto targets = trip.targets();
  for (std::size_t s = targets.size(); s-- > 0;) {
    const auto& reached = reach.best_wh[s];
    if (std::ranges::all_of(reached, [](double wh) { return wh < 0; })) continue;
    best.stage = s;
    const auto seconds = trip.graph().lower_bounds_to(targets[s], 1, 0);
    NodeId nearest = trip.start();
    double least = std::numeric_limits<double>::infinity();
    for (NodeId node = 0; node < reached.size(); ++node) {
      if (reached[node] >= 0 && seconds[node] < least) {
        least = seconds[node];
        nearest = node;
      }
    }
    best.node = nearest;
    best.leaving_wh = search.most_on_leaving_wh(nearest, reached[nearest]);
    best.road = trip.graph().fastest_path(nearest, targets[s]);
    best.left_m = length_m(best.road);
    break;
  }
  return best;
}

}  // namespace

Infeasibility explain(const PreparedTrip& trip) {
  using Reason = Infeasibility::Reason;
  Infeasibility why;
  const LabelSearch search = trip.search();
  const LabelSearch::Reach reach = search.reach();
  const Frontier frontier = find_frontier(trip, search, reach);
  if (frontier.road.empty()) {
    why.reason = Reason::kNoRoad;
    return why;
  }
  const NodeId target = trip.targets()[frontier.stage];
  // The gap ends at the first usable site on the road that was not reached, or at the target.
  std::vector<RoadStep> gap;
  for (const RoadStep& step : frontier.road) {
    gap.push_back(step);
    if (step.to == target || trip.options().any(step.to)) break;
  }
  const NodeId gap_end = gap.back().to;
  double needed_wh = search.needed_on_arrival_wh(
      frontier.stage, gap_end == target ? LabelSearch::Purpose::kFinish : LabelSearch::Purpose::kStop);
  for (auto step = gap.rbegin(); step != gap.rend(); ++step)
    needed_wh = std::max(needed_wh + step->battery_wh, std::max(0.0, step->battery_wh));
  why.gap_from = trip.end_point(frontier.node);
  why.gap_to = trip.end_point(gap_end);
  why.gap_distance_m = length_m(gap);
  why.gap_missing_wh = std::max(0.0, needed_wh - frontier.leaving_wh);
  why.furthest = furthest_on(trip, frontier.road, frontier.node, frontier.leaving_wh);
  why.furthest_left_m = frontier.left_m;

  TripRequest unfiltered = trip.request();
  unfiltered.filter = {};
  TripRequest no_reserve = trip.request();
  no_reserve.min_arrival_soc = 0;
  if (reachable(trip.network(), unfiltered)) {
    why.reason = Reason::kFiltersTooNarrow;
  } else if (gap_end == target && reachable(trip.network(), no_reserve)) {
    why.reason = Reason::kArrivalSocTooHigh;
  }
  for (const Knob& knob : knobs(trip.request())) {
    if (auto change = least_change(trip.network(), trip.request(), knob)) why.relaxations.push_back(std::move(*change));
  }
  if (auto station = new_station(trip, gap)) why.relaxations.push_back(std::move(*station));
  return why;
}

}  // namespace evc::routing
