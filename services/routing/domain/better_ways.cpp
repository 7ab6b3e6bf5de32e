#include "services/routing/domain/better_ways.hpp"

#include <cmath>

#include "services/routing/domain/overlay/reach.hpp"
#include "services/routing/domain/overlay/search.hpp"

namespace evc::routing {
namespace {

using Status = OverlayOutcome::Status;

constexpr int kMostRounds = 24;
// An answer this near to what is promised is good enough.
constexpr double kNear = 0.004;

struct Looked {
  std::vector<PreparedTrip::PairDrives> pairs;
  int unknown = 0;  // of which it was too much work to know everything
};

// The pairs for which these steps have no road.
Looked look_at(const PreparedTrip& trip, const std::vector<OverlayStep>& steps) {
  Looked looked;
  for (const OverlayStep& step : steps) {
    if (step.way != kNobodysWay) continue;
    auto drives = trip.roads().all_drives(step.from, step.to);
    if (!drives) {
      ++looked.unknown;
      drives = trip.roads().exact_drives(step.from, step.to);
    }
    if (drives) looked.pairs.push_back({step.from, step.to, std::move(*drives)});
  }
  return looked;
}

bool known(const OverlayOutcome& outcome) {
  return outcome.status == Status::kFound || outcome.status == Status::kInfeasible;
}

bool near(const OverlayOutcome& outcome, double least) {
  return outcome.status == Status::kFound && outcome.value - least <= kNear * std::abs(outcome.value);
}

// What is impossible need not be searched label by label.
OverlayOutcome searched(const PreparedTrip& trip) {
  return reach(trip.problem()).feasible() ? OverlaySearch(trip.problem()).run() : OverlayOutcome{};
}

}  // namespace

BetterWays better_ways(std::unique_ptr<PreparedTrip> trip) {
  BetterWays best{.trip = std::move(trip)};
  auto ideal = best.trip->ideal();
  const bool possible = reach(best.trip->problem()).feasible();
  if (!ideal || (!possible && !reach(ideal->problem()).feasible())) return best;
  best.outcome = searched(*best.trip);
  bool complete = true;
  for (int round = 0; round < kMostRounds && known(*best.outcome); ++round) {
    const OverlayOutcome least = OverlaySearch(ideal->problem()).run();
    best.labels += least.labels;
    if (least.status != Status::kFound) break;
    if (complete) best.least = least.lower_bound;
    if (near(*best.outcome, least.lower_bound)) break;
    const Looked looked = look_at(*best.trip, least.steps);
    if (looked.pairs.size() <= static_cast<std::size_t>(looked.unknown)) break;
    complete = complete && looked.unknown == 0;
    auto better = best.trip->with_drives(looked.pairs);
    ideal = ideal->with_drives(looked.pairs);
    OverlayOutcome found = searched(*better);
    // When the time is up, what was found before stands.
    if (!known(found)) break;
    best.labels += best.outcome->labels;
    best.trip = std::move(better);
    best.outcome = std::move(found);
  }
  return best;
}

}  // namespace evc::routing
