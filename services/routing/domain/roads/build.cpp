#include "services/routing/domain/roads/build.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "services/routing/domain/roads/components.hpp"
#include "services/routing/domain/roads/contraction_order.hpp"
#include "services/routing/domain/roads/hierarchy.hpp"
#include "services/routing/domain/roads/shape_index.hpp"

namespace evc::routing::roads {
namespace {

// A part with fewer nodes than this, and less than a tenth of the largest one's, is a car park behind a gate or a
// mistake of the map, and nobody wants to be put there.
constexpr std::size_t kTinyNodes = 200;

// Turns the graph around into the order of contraction.
void add_graph(const TurnGraph& graph, const std::vector<Node>& order, std::size_t lanes, RoadNetworkData& network) {
  std::vector<Node> rank(order.size());
  for (Node i = 0; i < order.size(); ++i) rank[order[i]] = i;
  std::vector<bool> from_vertex;
  for (const Node v : order) {
    network.node_points.push_back(graph.node_points[v]);
    network.first_arc.push_back(static_cast<std::uint32_t>(network.arc_head.size()));
    for (std::uint32_t a = graph.first_arc[v]; a < graph.first_arc[v + 1]; ++a) {
      network.arc_head.push_back(rank[graph.arc_head[a]]);
      network.arc_lane.push_back(graph.arc_lane[a]);
      from_vertex.push_back(v < graph.vertex_count);
    }
  }
  network.first_arc.push_back(static_cast<std::uint32_t>(network.arc_head.size()));
  network.first_arc_of_lane.assign(lanes + 1, 0);
  for (const LaneId lane : network.arc_lane) ++network.first_arc_of_lane[lane + 1];
  for (std::size_t lane = 0; lane < lanes; ++lane)
    network.first_arc_of_lane[lane + 1] += network.first_arc_of_lane[lane];
  network.lane_arcs.resize(network.arc_count());
  std::vector<std::uint32_t> next(network.first_arc_of_lane.begin(), network.first_arc_of_lane.end() - 1);
  for (const bool vertices : {true, false}) {
    for (ArcId arc = 0; arc < network.arc_count(); ++arc)
      if (from_vertex[arc] == vertices) network.lane_arcs[next[network.arc_lane[arc]]++] = arc;
  }
}

std::uint32_t mark_tiny_parts(const TurnGraph& graph, RoadNetworkData& network) {
  const std::vector<std::uint32_t> component = strong_components(graph.first_arc, graph.arc_head);
  std::vector<std::size_t> size(component.empty() ? 1 : std::ranges::max(component) + 1, 0);
  for (const std::uint32_t one : component) ++size[one];
  const std::size_t tiny = std::min(kTinyNodes, std::ranges::max(size) / 10);
  std::vector<bool> good(network.segment_count(), false);
  for (Node v = 0; v < component.size(); ++v) {
    if (size[component[v]] < tiny) continue;
    for (std::uint32_t a = graph.first_arc[v]; a < graph.first_arc[v + 1]; ++a)
      if (component[graph.arc_head[a]] == component[v]) good[segment_of(graph.arc_lane[a])] = true;
  }
  std::uint32_t count = 0;
  for (SegmentId segment = 0; segment < good.size(); ++segment) {
    if (good[segment]) continue;
    network.segments[segment].flags |= kTiny;
    ++count;
  }
  return count;
}

}  // namespace

BuiltNetwork build_network(RawRoads roads, const BuildOptions& options) {
  BuiltNetwork built;
  RoadNetworkData& network = built.data;
  TurnGraph graph;
  {
    const RawRoads raw = std::move(roads);
    options.progress("joining roads between junctions");
    const Chains chains = make_chains(raw);
    options.progress("measuring " + std::to_string(chains.chains.size()) + " segments");
    add_segments(raw, chains, options.elevation, network);
    options.progress("turn restrictions: " + std::to_string(raw.turns.size()));
    graph = make_turn_graph(raw, chains, network.lanes);
  }
  built.restrictions = graph.restrictions;
  built.restrictions_without_effect = graph.without_effect;
  built.restrictions_ambiguous = graph.ambiguous;
  built.tiny_segments = mark_tiny_parts(graph, network);
  const std::size_t nodes = graph.node_points.size();
  options.progress("contraction order of " + std::to_string(nodes) + " nodes");
  std::size_t told = 0;
  const auto placed = [&](std::size_t count) {
    if (count < told + nodes / 10 + 1) return;
    told = count;
    options.progress("  " + std::to_string(count * 100 / nodes) + " % of the nodes have their place");
  };
  const std::vector<Node> order =
      contraction_order(undirected(graph.first_arc, graph.arc_head), graph.node_points, placed);
  add_graph(graph, order, network.lane_count(), network);
  options.progress("hierarchy");
  add_hierarchy(network);
  options.progress("spatial index");
  add_shape_index(network);
  return built;
}

}  // namespace evc::routing::roads
