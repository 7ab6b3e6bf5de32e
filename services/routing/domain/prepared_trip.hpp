// One request made ready to solve: the road graph with the trip's own points, the overlay of sites for its vehicle and
// weather, the sites that its filters leave, and the problem that the search is given. One per solve; it refers to the
// network and its trees.
#pragma once

#include <memory>

#include "services/routing/domain/charging_options.hpp"
#include "services/routing/domain/overlay/problem.hpp"
#include "services/routing/domain/road_graph.hpp"
#include "services/routing/domain/site_trees.hpp"
#include "services/routing/domain/trip.hpp"

namespace evc::routing {

class PreparedTrip {
 public:
  // location-not-routable, validation-failed (vehicle).
  static Result<std::unique_ptr<PreparedTrip>> make(const Network& network, const SiteTrees& trees,
                                                    const TripRequest& request);
  // The same trip with other wishes: what does not depend on them is shared, unless the car or its way of driving
  // changes too.
  Result<std::unique_ptr<PreparedTrip>> with(const TripRequest& request) const;

  const Network& network() const { return *network_; }
  const SiteTrees& trees() const { return *trees_; }
  const TripRequest& request() const { return request_; }
  const RoadGraph& graph() const { return *graph_; }
  const ChargingOptions& options() const { return *options_; }
  const Overlay& overlay() const { return *overlay_; }
  const Problem& problem() const { return problem_; }
  double capacity_wh() const { return model_->capacity_wh(); }

  NodeId node(std::uint32_t vertex) const;
  std::optional<std::uint32_t> site_vertex(NodeId node) const;
  std::size_t stages() const { return request_.via.size() + 1; }
  // The roads of a drive of the overlay, in driving order; none when one stands there already.
  std::vector<RoadStep> road(std::uint32_t from, std::uint32_t to, std::uint32_t way) const;
  // A place, a site's town or one of the trip's own points, as the answer names it.
  EndPoint end_point(NodeId node) const;

 private:
  void connect_terminals();
  void add_stops();

  const Network* network_ = nullptr;
  const SiteTrees* trees_ = nullptr;
  TripRequest request_;
  std::shared_ptr<const ev::EnergyModel> model_;
  std::shared_ptr<const RoadGraph> graph_;
  std::shared_ptr<const ChargingOptions> options_;
  std::shared_ptr<const Overlay> overlay_;
  std::shared_ptr<const TripGraph> trip_graph_;
  Problem problem_;
};

}  // namespace evc::routing
