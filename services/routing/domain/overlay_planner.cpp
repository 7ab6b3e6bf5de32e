#include "services/routing/domain/overlay_planner.hpp"

#include <algorithm>
#include <set>

#include "services/routing/domain/better_ways.hpp"
#include "services/routing/domain/overlay/reach.hpp"
#include "services/routing/domain/overlay/search.hpp"
#include "services/routing/domain/replay.hpp"

namespace evc::routing {
namespace {

struct Solved {
  std::optional<TripPlan> plan;
  OverlayOutcome outcome;
  std::unique_ptr<PreparedTrip> corrected;  // the trip that was solved, when it was told better on the way
  bool closed = false;                      // stations were left out because they are closed then
};

// Drives may be told in less detail than they are driven. An answer that rests on that is solved again with the exact
// profiles of its drives.
Result<Solved> solve(const PreparedTrip& trip, std::optional<OverlayOutcome> outcome = std::nullopt) {
  using Status = OverlayOutcome::Status;
  constexpr int kMostCorrections = 32;
  Solved solved;
  std::size_t labels = 0;
  for (int turn = 0; turn <= kMostCorrections; ++turn) {
    const PreparedTrip& asked = solved.corrected ? *solved.corrected : trip;
    solved.outcome = outcome ? std::move(*outcome) : OverlaySearch(asked.problem()).run();
    outcome.reset();
    labels = solved.outcome.labels += labels;
    if (solved.outcome.status == Status::kCancelled) return fail(Code::kDeadlineExceeded, "given up");
    if (solved.outcome.status == Status::kLimit) return fail(Code::kDeadlineExceeded, "no route within the limit");
    if (solved.outcome.status != Status::kFound) return solved;
    auto better = asked.corrected(solved.outcome.steps);
    if (!better) break;
    solved.corrected = std::move(better);
  }
  solved.plan = make_plan(solved.corrected ? *solved.corrected : trip, solved.outcome);
  return solved;
}

std::vector<std::string> closed_sites(const PreparedTrip& trip, const TripPlan& plan) {
  std::vector<std::string> closed;
  for (const auto& stop : plan.stop_after) {
    if (!stop) continue;
    const Site& site = trip.network().sites()[stop->site];
    if (open_at(trip.request(), site, *stop) == false) closed.push_back(site.id);
  }
  return closed;
}

// What is found knows no hours. Where a stop turns out to be closed the trip is solved again without that station: no
// answer stops at a closed one. That it might have been reached at another time is not tried, so the first solution's
// bound, which knows no hours, is the answer's.
Result<Solved> solve_open(const PreparedTrip& trip, std::optional<OverlayOutcome> outcome = std::nullopt) {
  constexpr int kMostTurns = 20;
  EVC_TRY(solved, solve(trip, std::move(outcome)));
  TripRequest request = trip.request();
  std::optional<double> bound;
  for (int turn = 0; turn < kMostTurns && solved.plan; ++turn) {
    const auto closed = closed_sites(trip, *solved.plan);
    if (closed.empty()) {
      if (bound) solved.outcome.lower_bound = std::min(solved.outcome.lower_bound, *bound);
      // An answer that its own replay contradicts is never given out.
      EVC_CHECK(replay(trip.network(), trip.request(), *solved.plan));
      return std::move(solved);
    }
    if (!bound) bound = solved.outcome.lower_bound;
    request.filter.exclude.insert(request.filter.exclude.end(), closed.begin(), closed.end());
    EVC_TRY(without, trip.with(request));
    const std::size_t labels = solved.outcome.labels;
    EVC_TRY(next, solve(*without));
    solved = std::move(next);
    if (!solved.corrected) solved.corrected = std::move(without);
    solved.outcome.labels += labels;
    solved.closed = true;
  }
  if (solved.plan) return fail(Code::kDeadlineExceeded, "too many stations are closed");
  return std::move(solved);
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
  list[2].request.stop_penalty_seconds = 3600;
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
std::vector<TripPlan> alternatives(const PreparedTrip& trip, const TripPlan& best) {
  const TripRequest& request = trip.request();
  std::vector<TripPlan> found;
  std::set<std::vector<std::size_t>> seen{sites_of(best)};
  for (const Variant& variant : variants(request)) {
    if (found.size() >= static_cast<std::size_t>(request.alternatives)) break;
    const auto other = trip.with(variant.request);
    if (!other) continue;
    auto solved = solve_open(**other);
    if (!solved || !solved->plan || !seen.insert(sites_of(*solved->plan)).second) continue;
    found.push_back(std::move(*solved->plan));
    found.back().label = variant.label;
  }
  return found;
}

}  // namespace

Result<TripAnswer> OverlayPlanner::plan(const TripRequest& request) const {
  EVC_TRY(prepared, PreparedTrip::make(*network_, request));
  const BetterWays better = better_ways(std::move(prepared));
  const PreparedTrip* trip = better.trip.get();
  TripAnswer answer;
  // Cheap, and false only when there is no trip: what is impossible need not be searched label by label to be told.
  if (!reach(trip->problem()).feasible()) {
    TripRequest hurried = request;
    if (request.give_up_explaining) hurried.give_up = request.give_up_explaining;
    EVC_TRY(impossible, trip->with(hurried));
    answer.infeasible = explain(*impossible);
    return answer;
  }
  EVC_TRY(solved, solve_open(*trip, better.outcome));
  const OverlayOutcome& outcome = solved.outcome;
  answer.certificate.labels = outcome.labels + better.labels;
  if (!solved.plan) {
    answer.infeasible = explain(solved.corrected ? *solved.corrected : *trip);
    if (solved.closed) answer.infeasible->reason = Infeasibility::Reason::kStationsClosed;
    return answer;
  }
  answer.plan = std::move(solved.plan);
  const double found = std::max(1e-9, outcome.value);
  const bool exact = outcome.lower_bound >= outcome.value * (1 - 1e-9);
  answer.certificate.status = exact ? Certificate::Status::kExact : Certificate::Status::kBounded;
  answer.certificate.gap = exact ? 0 : std::clamp((found - outcome.lower_bound) / found, 0.0, 1.0);
  if (better.least) answer.certificate.gap_over_all_ways = std::clamp((found - *better.least) / found, 0.0, 1.0);
  // The objective counts in other units than seconds when money has a weight.
  answer.certificate.lower_bound_seconds = answer.plan->totals.seconds * (1 - answer.certificate.gap);
  if (!request.pois.kinds.empty()) answer.pois = network_->pois(request, *answer.plan);
  if (request.alternatives > 0) answer.alternatives = alternatives(*trip, *answer.plan);
  return answer;
}

}  // namespace evc::routing
