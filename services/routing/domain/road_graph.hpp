// The network as one trip sees it: base places, plus the trip's own points spliced into the arcs they lie on, with
// speed limits and the energy of each arc folded in. One per request, on the thread that plans. Legs are found by
// Dijkstra from one node, as far as the battery can go.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kit/ev/energy_model.hpp"
#include "services/routing/domain/network.hpp"
#include "services/routing/domain/trip.hpp"

namespace evc::routing {

struct ArcCost {
  double seconds = 0;
  double battery_wh = 0;
};
// One arc of the network driven no faster than the cap.
ArcCost arc_cost(const Network& network, const Arc& arc, const ev::EnergyModel& model, const Wind& wind,
                 double cap_mps);

// How a leg is driven: no faster than the cap, on the path of least seconds + energy_weight · Wh.
struct DrivePolicy {
  double cap_mps = 0;
  double energy_weight = 0;
};

struct Leg {
  NodeId to = 0;
  std::uint32_t policy = 0;
  double seconds = 0;
  double length_m = 0;
  ev::Profile profile;
};

struct GraphStep {
  NodeId from = 0, to = 0;
  std::uint32_t road = 0;
  double length_m = 0;
  double seconds = 0;
  double battery_wh = 0;
};

class RoadGraph {
 public:
  // location-not-routable when a point lies further than the limit from every road; the detail names the nearest place.
  static Result<RoadGraph> make(const Network& network, const ev::EnergyModel& model,
                                const std::vector<Location>& points, std::vector<DrivePolicy> policies,
                                const Wind& wind = {});

  static constexpr double kAccessLimitM = 30'000;

  std::size_t size() const { return nodes_.size(); }
  NodeId point(std::size_t index) const { return points_[index]; }  // the node of the index-th location
  const Position& position(NodeId node) const { return nodes_[node].position; }
  double elevation_m(NodeId node) const { return nodes_[node].elevation_m; }
  std::span<const DrivePolicy> policies() const { return policies_; }

  // Every node that can be reached with `limit_wh` on leaving, except the start.
  std::vector<Leg> legs_from(NodeId from, std::uint32_t policy, double limit_wh) const;
  // Every node from which a node can be reached with `limit_wh` on leaving; Leg::to is where the leg begins.
  std::vector<Leg> legs_to(NodeId to, std::uint32_t policy, double limit_wh) const;
  // The steps behind a leg of either.
  std::vector<GraphStep> path(NodeId from, NodeId to, std::uint32_t policy) const;
  // For each node the least Σ (time_weight · seconds + energy_weight · Wh) to the target, each arc at its best policy;
  // a lower bound for any drive.
  std::vector<double> lower_bounds_to(NodeId target, double time_weight, double energy_weight) const;
  // Kilometres by the fastest road, regardless of the battery.
  std::vector<GraphStep> fastest_path(NodeId from, NodeId to) const;
  const ev::EnergyModel& model() const { return *model_; }

 private:
  struct Node {
    Position position;
    double elevation_m = 0;
  };
  struct Edge {
    NodeId from = 0, to = 0;
    std::uint32_t road = 0;
    double length_m = 0, speed_mps = 0, climb_m = 0, descent_m = 0;
  };
  struct Cost {
    double seconds = 0, battery_wh = 0, weight = 0;
  };
  struct Tree;
  Tree grow(NodeId from, std::uint32_t policy, NodeId until, double limit_wh) const;
  Result<void> add_points(const Network& network, const std::vector<Location>& points);
  void weigh_edges(const Wind& wind);

  const ev::EnergyModel* model_ = nullptr;
  std::vector<DrivePolicy> policies_;
  std::vector<Node> nodes_;
  std::vector<NodeId> points_;
  std::vector<Edge> edges_;  // sorted by start
  std::vector<std::size_t> first_edge_;
  std::vector<std::vector<std::uint32_t>> into_;  // per node, the edges that end there
  std::vector<std::vector<Cost>> costs_;          // per policy, per edge
};

}  // namespace evc::routing
