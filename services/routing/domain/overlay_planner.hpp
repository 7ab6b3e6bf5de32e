// The first engine behind Planner: road graph of the trip, charging options, label search; then the answer is driven
// once more by the replay, and an infeasible trip is explained. Immutable, one per process; plan() is thread-safe and
// takes milliseconds to tens of them: call it on the CPU pool.
#pragma once

#include <memory>

#include "services/routing/domain/label_search.hpp"
#include "services/routing/domain/trip.hpp"

namespace evc::routing {

class OverlayPlanner : public Planner {
 public:
  explicit OverlayPlanner(std::shared_ptr<const Network> network) : network_(std::move(network)) {}
  Result<TripAnswer> plan(const TripRequest& request) const override;

 private:
  std::shared_ptr<const Network> network_;
};

// One request made ready to solve: everything that depends on vehicle, weather and filters.
class PreparedTrip {
 public:
  static Result<std::unique_ptr<PreparedTrip>> make(const Network& network, const TripRequest& request);

  const Network& network() const { return *network_; }
  const TripRequest& request() const { return request_; }
  const RoadGraph& graph() const { return *graph_; }
  ChargingOptions& options() { return *options_; }
  const ChargingOptions& options() const { return *options_; }
  NodeId start() const { return graph_->point(0); }
  std::vector<NodeId> targets() const;
  LabelSearch search() const { return LabelSearch(*graph_, *options_, request_, start(), targets()); }
  // A place, a site's town or one of the trip's own points, as the answer names it.
  EndPoint end_point(NodeId node) const;

 private:
  const Network* network_ = nullptr;
  TripRequest request_;
  std::unique_ptr<ev::EnergyModel> model_;
  std::unique_ptr<RoadGraph> graph_;
  std::unique_ptr<ChargingOptions> options_;
};

// The found steps as legs, stops and totals.
TripPlan make_plan(const PreparedTrip& trip, const SearchOutcome& outcome);
// Why there is no route, and which smallest changes make one; each is solved before it is named.
Infeasibility explain(const PreparedTrip& trip);

}  // namespace evc::routing
