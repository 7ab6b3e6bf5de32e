// One request made ready to solve: the roads of its car, weather and points, the overlay of stands, the sites that its
// filters leave, and the problem that the search is given. One per solve; it refers to the network.
#pragma once

#include <memory>
#include <set>

#include "services/routing/domain/charging_options.hpp"
#include "services/routing/domain/overlay/problem.hpp"
#include "services/routing/domain/trip_network.hpp"

namespace evc::routing {

class PreparedTrip {
 public:
  // location-not-routable, validation-failed (vehicle).
  static Result<std::unique_ptr<PreparedTrip>> make(const TripNetwork& network, const TripRequest& request);
  // The same trip with other wishes: what does not depend on them is shared, unless the car or its way of driving
  // changes too.
  Result<std::unique_ptr<PreparedTrip>> with(const TripRequest& request) const;
  // The same trip with exact drives where these steps rest on less; empty: they do not.
  std::unique_ptr<PreparedTrip> corrected(const std::vector<OverlayStep>& steps) const;
  // The same trip over the roads' ideal overlay and stages; empty: they have none.
  std::unique_ptr<PreparedTrip> ideal() const;
  // The same trip with these exact drives between these vertices, in place of those that there were.
  struct PairDrives {
    Vertex from = 0, to = 0;
    std::vector<Drive> drives;
  };
  std::unique_ptr<PreparedTrip> with_drives(const std::vector<PairDrives>& pairs) const;

  const TripNetwork& network() const { return *network_; }
  const TripRequest& request() const { return request_; }
  const TripRoads& roads() const { return *roads_; }
  const ChargingOptions& options() const { return *options_; }
  const Overlay& overlay() const { return *overlay_; }
  const Problem& problem() const { return problem_; }
  double capacity_wh() const { return model_->capacity_wh(); }

  Vertex stands() const { return static_cast<Vertex>(network_->stands()); }
  std::size_t stages() const { return request_.via.size() + 1; }
  Vertex point(std::size_t index) const { return stands() + static_cast<Vertex>(index); }
  // The stand itself, or where one of the trip's points lies.
  std::optional<Vertex> stand_at(Vertex vertex) const;
  bool same_spot(Vertex a, Vertex b) const;

 private:
  void connect_terminals();
  void add_stops();

  const TripNetwork* network_ = nullptr;
  TripRequest request_;
  std::shared_ptr<const ev::EnergyModel> model_;
  std::shared_ptr<const TripRoads> roads_;
  std::shared_ptr<const ChargingOptions> options_;
  std::shared_ptr<const Overlay> overlay_;
  std::shared_ptr<const std::vector<StageDrives>> stage_drives_;
  std::shared_ptr<const TripGraph> trip_graph_;
  std::set<std::pair<Vertex, Vertex>> exact_;  // between stands, told exactly already
  Problem problem_;
};

}  // namespace evc::routing
