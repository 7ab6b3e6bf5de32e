#include "services/routing/domain/overlay_planner.hpp"

#include <algorithm>
#include <set>

#include "services/routing/domain/replay.hpp"

namespace evc::routing {
namespace {

std::vector<DrivePolicy> policies(const TripRequest& request) {
  // Seconds that one Wh is worth on a path: the price of charging it at 60 kW.
  constexpr double kSecondsPerWh = 3600.0 / 60'000;
  std::vector<DrivePolicy> list;
  for (const double kmh : {130.0, 100.0, 90.0, 80.0}) {
    if (list.empty() || kmh < request.max_speed_kmh) list.push_back({std::min(kmh, request.max_speed_kmh) / 3.6, 0});
  }
  list.push_back({std::min(90.0, request.max_speed_kmh) / 3.6, kSecondsPerWh});
  return list;
}

struct Solved {
  std::optional<TripPlan> plan;
  SearchOutcome outcome;
};

Result<Solved> solve(const PreparedTrip& trip) {
  LabelSearch search = trip.search();
  SearchOutcome outcome = search.run();
  if (outcome.status == SearchOutcome::Status::kCancelled) return fail(Code::kDeadlineExceeded, "given up");
  if (outcome.status == SearchOutcome::Status::kLimit)
    return fail(Code::kDeadlineExceeded, "no route within the limit");
  if (outcome.status != SearchOutcome::Status::kFound)
    return Solved{.plan = std::nullopt, .outcome = std::move(outcome)};
  TripPlan plan = make_plan(trip, outcome);
  // An answer that its own replay contradicts is never given out.
  EVC_CHECK(replay(trip.network(), trip.request(), plan));
  return Solved{.plan = std::move(plan), .outcome = std::move(outcome)};
}

struct Variant {
  const char* label;
  TripRequest request;
};

std::vector<Variant> variants(const TripRequest& request) {
  std::vector<Variant> list{
      {"fastest", request}, {"cheapest", request}, {"fewestStops", request}, {"mostReserve", request}};
  list[0].request.objective = {.time_weight = 1, .money_weight = 0};
  list[1].request.objective = {.time_weight = 0.05, .money_weight = 1};
  list[2].request.objective = {.time_weight = 1, .money_weight = 0};
  list[2].request.overhead_seconds = request.overhead_seconds + 3600;
  list[2].request.max_charge_soc = std::max(request.max_charge_soc, 0.95);
  list[3].request.min_stop_soc = std::min(0.5, request.min_stop_soc + 0.1);
  list[3].request.min_arrival_soc = std::min(0.6, request.min_arrival_soc + 0.1);
  return list;
}

std::vector<std::size_t> sites_of(const TripPlan& plan) {
  std::vector<std::size_t> sites;
  for (const auto& stop : plan.stop_after) {
    if (stop) sites.push_back(stop->site);
  }
  return sites;
}

// Other plans worth showing: another aim, and not the same stops again.
std::vector<TripPlan> alternatives(const Network& network, const TripRequest& request, const TripPlan& best) {
  std::vector<TripPlan> found;
  std::set<std::vector<std::size_t>> seen{sites_of(best)};
  for (Variant& variant : variants(request)) {
    if (found.size() >= static_cast<std::size_t>(request.alternatives)) break;
    const double overhead = request.overhead_seconds;
    auto trip = PreparedTrip::make(network, variant.request);
    if (!trip) continue;
    auto solved = solve(**trip);
    if (!solved || !solved->plan || !seen.insert(sites_of(*solved->plan)).second) continue;
    TripPlan plan = std::move(*solved->plan);
    plan.label = variant.label;
    for (auto& stop : plan.stop_after) {
      if (!stop) continue;
      plan.totals.overhead_seconds += overhead - stop->overhead_seconds;
      plan.totals.seconds += overhead - stop->overhead_seconds;
      stop->overhead_seconds = overhead;
    }
    found.push_back(std::move(plan));
  }
  return found;
}

}  // namespace

Result<std::unique_ptr<PreparedTrip>> PreparedTrip::make(const Network& network, const TripRequest& request) {
  EVC_CHECK(request.vehicle.check());
  auto trip = std::make_unique<PreparedTrip>();
  trip->network_ = &network;
  trip->request_ = request;
  trip->model_ = std::make_unique<ev::EnergyModel>(request.vehicle, request.conditions);
  std::vector<Location> points{request.from};
  for (const Via& via : request.via) points.push_back(via.location);
  points.push_back(request.to);
  EVC_TRY(graph, RoadGraph::make(network, *trip->model_, points, policies(request), request.wind));
  trip->graph_ = std::make_unique<RoadGraph>(std::move(graph));
  trip->options_ = std::make_unique<ChargingOptions>(network, request, trip->graph_->size());
  return trip;
}

std::vector<NodeId> PreparedTrip::targets() const {
  std::vector<NodeId> nodes;
  for (std::size_t i = 1; i <= request_.via.size() + 1; ++i) nodes.push_back(graph_->point(i));
  return nodes;
}

EndPoint PreparedTrip::end_point(NodeId node) const {
  EndPoint point{.position = graph_->position(node)};
  if (node < network_->places().size()) {
    const Place& place = network_->places()[node];
    point.name = place.name + ", " + place.state;
    point.place_id = place.id;
  }
  return point;
}

Result<TripAnswer> OverlayPlanner::plan(const TripRequest& request) const {
  EVC_TRY(trip, PreparedTrip::make(*network_, request));
  TripAnswer answer;
  // Cheap, and false only when there is no trip: what is impossible need not be searched label by label to be told.
  if (!trip->search().reach().feasible) {
    TripRequest hurried = request;
    if (request.give_up_explaining) hurried.give_up = request.give_up_explaining;
    EVC_TRY(impossible, PreparedTrip::make(*network_, hurried));
    answer.infeasible = explain(*impossible);
    return answer;
  }
  EVC_TRY(solved, solve(*trip));
  const SearchOutcome& outcome = solved.outcome;
  answer.certificate.labels = outcome.labels;
  if (!solved.plan) {
    answer.infeasible = explain(*trip);
    return answer;
  }
  answer.plan = std::move(solved.plan);
  const double found = std::max(1e-9, outcome.objective);
  const bool exact = outcome.lower_bound >= outcome.objective * (1 - 1e-9);
  answer.certificate.status = exact ? Certificate::Status::kExact : Certificate::Status::kBounded;
  answer.certificate.gap = exact ? 0 : std::clamp((found - outcome.lower_bound) / found, 0.0, 1.0);
  // The objective counts in other units than seconds when money has a weight.
  answer.certificate.lower_bound_seconds = answer.plan->totals.seconds * (1 - answer.certificate.gap);
  if (request.alternatives > 0) answer.alternatives = alternatives(*network_, request, *answer.plan);
  return answer;
}

}  // namespace evc::routing
