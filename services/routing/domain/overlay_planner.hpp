// The engine behind Planner on any network: the trip is prepared, the overlay search finds the stops, the answer
// is driven once more by the replay, and an infeasible trip is explained. Immutable, one per process; plan() is
// thread-safe and takes milliseconds to tens of them: call it on the CPU pool.
#pragma once

#include <memory>

#include "services/routing/domain/prepared_trip.hpp"
#include "services/routing/domain/trip.hpp"

namespace evc::routing {

class OverlayPlanner : public Planner {
 public:
  explicit OverlayPlanner(std::shared_ptr<const TripNetwork> network) : network_(std::move(network)) {}
  Result<TripAnswer> plan(const TripRequest& request) const override;

 private:
  std::shared_ptr<const TripNetwork> network_;
};

// The found steps as legs, stops and totals.
TripPlan make_plan(const PreparedTrip& trip, const OverlayOutcome& outcome);
// Why there is no route, and which smallest changes make one; each is solved before it is named.
Infeasibility explain(const PreparedTrip& trip);

}  // namespace evc::routing
