// Why a trip is infeasible: how far the car gets, where the gap lies, and the least changes that close it. Each change
// is searched by the cheap reachability and then solved in full before it is named. When the time is up, the changes
// found so far are named; where the gap lies is always told.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "services/routing/domain/overlay/reach.hpp"
#include "services/routing/domain/overlay/search.hpp"
#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/replay.hpp"

namespace evc::routing {
namespace {

// Work limit of one verification; a change that needs more is not named.
constexpr std::size_t kVerifyLabels = 100'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool given_up(const TripRequest& request) {
  return request.give_up && request.give_up();
}

bool reachable(const PreparedTrip& base, const TripRequest& request) {
  const auto trip = base.with(request);
  return trip && reach((*trip)->problem()).feasible();
}

// The solved and replayed trip, when there is one.
std::optional<TripPlan> solved(const PreparedTrip& base, TripRequest request) {
  request.label_limit = kVerifyLabels;
  const auto trip = base.with(request);
  if (!trip) return std::nullopt;
  const OverlayOutcome outcome = OverlaySearch((*trip)->problem()).run();
  if (outcome.status != OverlayOutcome::Status::kFound) return std::nullopt;
  TripPlan plan = make_plan(**trip, outcome);
  if (!replay(base.network(), request, plan)) return std::nullopt;
  return plan;
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

std::optional<Relaxation> least_change(const PreparedTrip& trip, const Knob& knob) {
  const TripRequest& request = trip.request();
  const auto feasible_with = [&](double value) {
    if (given_up(request)) return false;
    TripRequest changed = request;
    knob.turn(changed, value);
    return reachable(trip, changed);
  };
  if (knob.values.empty() || !feasible_with(knob.values.back())) return std::nullopt;
  const auto first = std::ranges::partition_point(knob.values, [&](double value) { return !feasible_with(value); });
  if (first == knob.values.end() || given_up(request)) return std::nullopt;
  TripRequest changed = request;
  knob.turn(changed, *first);
  const auto plan = solved(trip, changed);
  if (!plan) return std::nullopt;
  return Relaxation{.kind = knob.kind, .value = std::abs(*first), .seconds = plan->totals.seconds};
}

// One more fast site at a place: the trip to it and the trip from it, each solved, with a charge in between as far as
// the driver lets it.
std::optional<Relaxation> new_station(const PreparedTrip& trip, std::size_t stage, const std::vector<RoadStep>& road) {
  constexpr double kUsualKw = 60;
  std::vector<NodeId> nodes;
  for (const RoadStep& step : road) {
    if (step.to_place) nodes.push_back(*step.to_place);
  }
  const auto middle = static_cast<std::ptrdiff_t>(nodes.size() / 2);
  std::vector<std::size_t> order(nodes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::pair(std::abs(static_cast<std::ptrdiff_t>(i) - middle), i); });
  const TripRequest& request = trip.request();
  const auto cut = request.via.begin() + static_cast<std::ptrdiff_t>(stage);
  for (const std::size_t i : order) {
    if (given_up(request)) return std::nullopt;
    TripRequest there = request, onward = request;
    there.to = onward.from = {.place = nodes[i]};
    there.via.assign(request.via.begin(), cut);
    onward.via.assign(cut, request.via.end());
    there.min_arrival_soc = request.min_stop_soc;
    onward.soc = request.max_charge_soc;
    if (!reachable(trip, there) || !reachable(trip, onward)) continue;
    const auto first = solved(trip, there), second = solved(trip, onward);
    if (!first || !second) continue;
    const bool dc = request.vehicle.dc_kw > 0;
    const ev::ChargingCurve curve(request.vehicle, kUsualKw, dc ? ev::Current::kDc : ev::Current::kAc,
                                  request.conditions.temperature_c);
    const double stop = request.overhead_seconds + std::max(0.0, curve.seconds(first->totals.arrive_soc, onward.soc));
    return Relaxation{.kind = "station",
                      .value = dc ? kUsualKw : request.vehicle.ac_kw,
                      .place_id = trip.network().place(nodes[i]).id,
                      .seconds = first->totals.seconds + stop + second->totals.seconds};
  }
  return std::nullopt;
}

// Drives on along a road until the battery is empty: how far one gets beyond the last reached site.
EndPoint furthest_on(const PreparedTrip& trip, const std::vector<RoadStep>& road, Vertex from, double stored_wh) {
  EndPoint point = trip.roads().end_point(from);
  for (const RoadStep& step : road) {
    if (step.battery_wh > stored_wh) {
      const double share = std::clamp(stored_wh / step.battery_wh, 0.0, 1.0);
      const EndPoint near =
          share < 0.5 ? trip.network().named(step.from, step.from_place) : trip.network().named(step.to, step.to_place);
      return {.name = near.name, .position = between(step.from, step.to, share), .beside = true};
    }
    stored_wh = std::min(trip.capacity_wh(), stored_wh - step.battery_wh);
    point = trip.network().named(step.to, step.to_place);
  }
  return point;
}

struct Frontier {
  std::size_t stage = 0;
  Vertex vertex = 0;
  double leaving_wh = 0;
  double left_m = kInfinity;
  std::vector<RoadStep> road;  // to the stage's target
};

double length_m(const std::vector<RoadStep>& road) {
  double metres = 0;
  for (const RoadStep& step : road) metres += step.length_m;
  return metres;
}

// The reached vertex of the furthest stage from which the least driving is left.
Frontier find_frontier(const PreparedTrip& trip, const Reach& reached) {
  const Problem& problem = trip.problem();
  Frontier best;
  for (std::size_t stage = 0; stage < trip.stages(); ++stage) {
    if (reached.terminals[stage] >= 0) best.stage = stage;
  }
  const Vertex target = trip.point(best.stage + 1);
  const auto seconds = trip.roads().seconds_to(target);
  best.vertex = trip.point(best.stage);
  best.leaving_wh = reached.terminals[best.stage];
  const bool plug = best.stage > 0 && !problem.stays[best.stage - 1].options.empty();
  if (plug) best.leaving_wh = std::max(best.leaving_wh, problem.most_wh);
  for (Vertex stand = 0; stand < trip.stands(); ++stand) {
    const double arrived = reached.sites[best.stage][stand];
    if (arrived < 0 || seconds[stand] >= seconds[best.vertex]) continue;
    best.vertex = stand;
    best.leaving_wh = std::max(arrived, problem.most_wh);
  }
  best.road = trip.roads().fastest(best.vertex, target);
  best.left_m = length_m(best.road);
  return best;
}

// The road from the frontier to the first usable site that was not reached, or to the stage's target.
std::vector<RoadStep> find_gap(const PreparedTrip& trip, const Frontier& frontier) {
  std::vector<RoadStep> gap;
  for (const RoadStep& step : frontier.road) {
    gap.push_back(step);
    if (step.stand && *step.stand != frontier.vertex && trip.options().any(*step.stand)) break;
  }
  return gap;
}

}  // namespace

Infeasibility explain(const PreparedTrip& trip) {
  using Reason = Infeasibility::Reason;
  Infeasibility why;
  const Frontier frontier = find_frontier(trip, reach(trip.problem()));
  if (frontier.road.empty()) {
    why.reason = Reason::kNoRoad;
    return why;
  }
  const std::vector<RoadStep> gap = find_gap(trip, frontier);
  const bool to_the_end = gap.size() == frontier.road.size() && frontier.stage + 1 == trip.stages();
  double needed_wh = to_the_end ? trip.problem().arrival_wh : trip.problem().reserve_wh;
  for (auto step = gap.rbegin(); step != gap.rend(); ++step)
    needed_wh = std::max(needed_wh + step->battery_wh, std::max(0.0, step->battery_wh));
  why.gap_from = trip.roads().end_point(frontier.vertex);
  why.gap_to = gap.size() == frontier.road.size() ? trip.roads().end_point(trip.point(frontier.stage + 1))
                                                  : trip.network().named(gap.back().to, gap.back().to_place);
  why.gap_distance_m = length_m(gap);
  why.gap_missing_wh = std::max(0.0, needed_wh - frontier.leaving_wh);
  why.furthest = furthest_on(trip, frontier.road, frontier.vertex, frontier.leaving_wh);
  why.furthest_left_m = frontier.left_m;

  TripRequest unfiltered = trip.request();
  unfiltered.filter = {};
  TripRequest no_reserve = trip.request();
  no_reserve.min_arrival_soc = 0;
  if (reachable(trip, unfiltered)) {
    why.reason = Reason::kFiltersTooNarrow;
  } else if (to_the_end && reachable(trip, no_reserve)) {
    why.reason = Reason::kArrivalSocTooHigh;
  }
  for (const Knob& knob : knobs(trip.request())) {
    if (auto change = least_change(trip, knob)) why.relaxations.push_back(std::move(*change));
  }
  if (auto station = new_station(trip, frontier.stage, gap)) why.relaxations.push_back(std::move(*station));
  return why;
}

}  // namespace evc::routing
