#include "services/routing/domain/roads/hierarchy.hpp"

#include <algorithm>
#include <cmath>

namespace evc::routing::roads {
namespace {

// Contracting a node makes its higher neighbours neighbours of each other. It suffices to hand them to the lowest of
// them, which hands them on when its own turn comes.
void contract(const Adjacency& graph, RoadNetworkData& network) {
  const std::uint32_t n = graph.node_count();
  std::vector<Node> first_child(n, kNone), next_sibling(n, kNone);
  std::vector<Node> higher;
  network.first_up = {0};
  for (Node v = 0; v < n; ++v) {
    higher.clear();
    for (const Node w : graph.of(v))
      if (w > v) higher.push_back(w);
    for (Node child = first_child[v]; child != kNone; child = next_sibling[child]) {
      for (EdgeId e = network.first_up[child] + 1; e < network.first_up[child + 1]; ++e)
        higher.push_back(network.up_head[e]);
    }
    std::ranges::sort(higher);
    higher.erase(std::ranges::unique(higher).begin(), higher.end());
    network.up_head.insert(network.up_head.end(), higher.begin(), higher.end());
    network.edge_tail.insert(network.edge_tail.end(), higher.size(), v);
    network.first_up.push_back(static_cast<EdgeId>(network.up_head.size()));
    if (higher.empty()) continue;
    next_sibling[v] = first_child[higher.front()];
    first_child[higher.front()] = v;
  }
}

void list_lower_neighbours(RoadNetworkData& network) {
  const std::uint32_t n = network.node_count();
  network.first_down.assign(n + 1, 0);
  for (const Node head : network.up_head) ++network.first_down[head + 1];
  for (Node v = 0; v < n; ++v) network.first_down[v + 1] += network.first_down[v];
  network.down_edge.resize(network.up_head.size());
  std::vector<EdgeId> next(network.first_down.begin(), network.first_down.end() - 1);
  for (EdgeId e = 0; e < network.up_head.size(); ++e) network.down_edge[next[network.up_head[e]]++] = e;
}

EdgeId edge_between(const RoadNetworkData& network, Node low, Node high) {
  const auto begin = network.up_head.begin() + network.first_up[low],
             end = network.up_head.begin() + network.first_up[low + 1];
  return static_cast<EdgeId>(std::lower_bound(begin, end, high) - network.up_head.begin());
}

void place_arcs(RoadNetworkData& network) {
  network.arc_edge.assign(network.arc_count(), kNone);
  for (Node tail = 0; tail < network.node_count(); ++tail) {
    for (ArcId arc = network.first_arc[tail]; arc < network.first_arc[tail + 1]; ++arc) {
      const Node head = network.arc_head[arc];
      if (tail < head) network.arc_edge[arc] = 2 * edge_between(network, tail, head);
      if (tail > head) network.arc_edge[arc] = 2 * edge_between(network, head, tail) + 1;
    }
  }
}

Weight rounded(double value) {
  return static_cast<Weight>(std::lround(std::clamp(value, -1.0 * kUnreachable, 1.0 * kUnreachable)));
}

}  // namespace

void add_hierarchy(RoadNetworkData& network) {
  contract(undirected(network.first_arc, network.arc_head), network);
  list_lower_neighbours(network);
  place_arcs(network);
}

std::vector<Weight> free_flow_weights(const RoadNetwork& network) {
  std::vector<Weight> weights(network.lane_count(), kInfinite);
  for (LaneId lane = 0; lane < weights.size(); ++lane)
    if (network.open(lane)) weights[lane] = rounded(network.lanes[lane].milliseconds);
  return weights;
}

std::vector<Weight> blended_weights(const RoadNetwork& network, const EnergyRates& rates, const Blend& blend) {
  std::vector<Weight> weights(network.lane_count(), kInfinite);
  for (LaneId lane = 0; lane < weights.size(); ++lane) {
    if (!network.open(lane)) continue;
    const LaneCost cost = lane_cost(network, rates, lane);
    weights[lane] = rounded(blend.time_share * cost.seconds * 1'000 + blend.milliseconds_per_wh * cost.battery_wh);
  }
  return weights;
}

Metric::Metric(const RoadNetwork& network, std::vector<Weight> lane_weights)
    : lanes_(std::move(lane_weights)),
      up_(network.up_head.size(), kInfinite),
      down_(network.up_head.size(), kInfinite) {
  for (ArcId arc = 0; arc < network.arc_count(); ++arc) {
    if (network.arc_edge[arc] == kNone) continue;
    Weight& weight = (network.arc_edge[arc] % 2 == 0 ? up_ : down_)[network.arc_edge[arc] / 2];
    weight = std::min(weight, lanes_[network.arc_lane[arc]]);
  }
  // All ways through lower nodes are in an edge's weight when its tail's turn comes: x → v → y for each pair of v's
  // higher neighbours.
  for (Node v = 0; v < network.node_count(); ++v) {
    const EdgeId end = network.first_up[v + 1];
    for (EdgeId to_x = network.first_up[v]; to_x < end; ++to_x) {
      EdgeId between = network.first_up[network.up_head[to_x]];
      for (EdgeId to_y = to_x + 1; to_y < end; ++to_y, ++between) {
        while (network.up_head[between] != network.up_head[to_y]) ++between;
        up_[between] = std::min(up_[between], down_[to_x] + up_[to_y]);
        down_[between] = std::min(down_[between], down_[to_y] + up_[to_x]);
      }
    }
  }
}

}  // namespace evc::routing::roads
