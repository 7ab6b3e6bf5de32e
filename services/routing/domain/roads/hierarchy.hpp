// A customisable contraction hierarchy (Dibbelt, Strasser and Wagner, 2016; survey: arXiv 2502.10519). The edges follow
// from the order of contraction alone and are stored with the network. A metric gives every lane a weight, which may be
// negative as long as no round trip is; customising takes one pass over the triangles and gives each edge, in both
// directions, the weight of the best way through lower nodes. Nodes are numbered in the order of contraction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/routing/domain/roads/contraction_order.hpp"
#include "services/routing/domain/roads/energy_rates.hpp"
#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

// Milliseconds, or whatever unit the metric has; sums stay below kUnreachable (149 hours).
using Weight = std::int32_t;
constexpr Weight kInfinite = 0x3fff'ffff;     // two of them still fit
constexpr Weight kUnreachable = 0x1fff'ffff;  // from here on a sum stands for "no way"

// Fills first_up, up_head, edge_tail, first_down, down_edge and arc_edge of a network whose graph is there already and
// numbered in the order of contraction.
void add_hierarchy(RoadNetworkData& network);

// By lane; closed lanes are never read.
std::vector<Weight> free_flow_weights(const RoadNetwork& network);
struct Blend {
  double milliseconds_per_wh = 0;  // λ: what a Wh is worth
  double time_share = 1;           // 0: energy alone counts
};
std::vector<Weight> blended_weights(const RoadNetwork& network, const EnergyRates& rates, const Blend& blend);

// The hierarchy with one metric. Immutable, shared by queries; as large as the network's edges and lanes.
class Metric {
 public:
  Metric(const RoadNetwork& network, std::vector<Weight> lane_weights);

  Weight of_lane(LaneId lane) const { return lanes_[lane]; }
  Weight up(EdgeId edge) const { return up_[edge]; }      // from the lower node to the higher one
  Weight down(EdgeId edge) const { return down_[edge]; }  // from the higher to the lower

 private:
  std::vector<Weight> lanes_, up_, down_;
};

}  // namespace evc::routing::roads
