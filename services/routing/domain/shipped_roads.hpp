// The roads of one request on the shipped network: the road graph with the trip's own points, and the trees between
// sites. One per request; refers to the network and the energy model.
#pragma once

#include <memory>

#include "services/routing/domain/road_graph.hpp"
#include "services/routing/domain/shipped_network.hpp"

namespace evc::routing {

class ShippedRoads : public TripRoads {
 public:
  static Result<std::unique_ptr<TripRoads>> make(const ShippedNetwork& network, const TripRequest& request,
                                                 const ev::EnergyModel& model);

  std::shared_ptr<const Overlay> overlay() const override { return overlay_; }
  StageDrives stage(std::size_t stage) const override;
  std::vector<RoadStep> road(Vertex from, Vertex to, std::uint32_t way) const override;
  std::vector<RoadStep> fastest(Vertex from, Vertex to) const override;
  std::vector<double> seconds_to(Vertex point) const override;
  EndPoint end_point(Vertex vertex) const override;
  std::optional<Vertex> stand_at(std::size_t point) const override;
  // Profiles are those of the arcs already.
  std::optional<std::vector<Drive>> exact_drives(Vertex, Vertex) const override { return std::nullopt; }

 private:
  ShippedRoads(const ShippedNetwork& network, RoadGraph graph, const TripRequest& request,
               const ev::EnergyModel& model);
  NodeId node(Vertex vertex) const;
  std::vector<RoadStep> steps(const std::vector<GraphStep>& graph_steps) const;

  const ShippedNetwork& network_;
  const ev::EnergyModel& model_;
  RoadGraph graph_;
  Wind wind_;
  double max_speed_kmh_;
  std::size_t points_;
  std::shared_ptr<const Overlay> overlay_;
};

}  // namespace evc::routing
