// The ways between charging sites, found once per network and for every vehicle: from each town with a site the road
// trees of a few manners of driving (as fast as allowed, slower, thrifty), as far as any car gets. A vehicle and its
// weather then take one pass over the trees to become an Overlay. Immutable after loading, shared by every worker.
#pragma once

#include <optional>
#include <vector>

#include "kit/ev/energy_model.hpp"
#include "services/routing/domain/network.hpp"
#include "services/routing/domain/overlay/overlay.hpp"
#include "services/routing/domain/road_graph.hpp"

namespace evc::routing {

// How a leg is driven at most, and what a Wh counts in seconds when its road is chosen.
struct DrivingManner {
  double cap_kmh = 0;
  double seconds_per_wh = 0;
};

// The manners in the order of their way numbers; those that a speed limit makes equal to the first are left out.
std::vector<std::uint32_t> manners_below(double max_speed_kmh);
const std::vector<DrivingManner>& driving_manners();

class SiteTrees {
 public:
  explicit SiteTrees(const Network& network);

  // Vertex numbers of the overlay: towns with a site.
  std::size_t size() const { return nodes_.size(); }
  NodeId node(std::uint32_t vertex) const { return nodes_[vertex]; }
  // None when no site stands there.
  std::optional<std::uint32_t> vertex(NodeId node) const;

  Overlay overlay(const ev::EnergyModel& model, const Wind& wind, double max_speed_kmh) const;
  // The arcs of a way, in driving order.
  std::vector<std::uint32_t> arcs(std::uint32_t from, std::uint32_t to, std::uint32_t manner) const;

 private:
  static constexpr double kFurthestM = 600'000;
  struct Step {
    std::uint32_t arc = 0;
    std::uint32_t before = 0;  // step that leads to the arc's begin; kNone: the root
  };
  struct Tree {
    std::vector<Step> steps;  // parents first
    struct Target {
      std::uint32_t vertex = 0, step = 0;
    };
    std::vector<Target> targets;  // by vertex
  };
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;
  Tree grow(NodeId root, const std::vector<double>& weights, const std::vector<std::uint32_t>& vertex_of) const;
  const Tree& tree(std::uint32_t vertex, std::uint32_t manner) const {
    return trees_[vertex * driving_manners().size() + manner];
  }

  const Network* network_;
  std::vector<NodeId> nodes_;
  std::vector<Tree> trees_;
};

}  // namespace evc::routing
