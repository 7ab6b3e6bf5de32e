// The order in which nodes are contracted, from the shape of the network alone, so that one order serves every metric.
// Dead ends go first, then nodes between two neighbours; what is left is dissected: inertial flow finds a small set of
// nodes that separates the two halves of a part, the halves are ordered in the same way, and the separator goes last.
// Parts of at most 64 nodes are ordered by least degree. Deterministic; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

// An undirected graph without loops and parallel edges.
struct Adjacency {
  std::vector<std::uint32_t> first;  // by node
  std::vector<Node> neighbour;

  std::uint32_t node_count() const { return static_cast<std::uint32_t>(first.size() - 1); }
  std::span<const Node> of(Node node) const {
    return std::span(neighbour).subspan(first[node], first[node + 1] - first[node]);
  }
};

// From directed arcs (CSR): either direction makes an edge.
Adjacency undirected(std::span<const std::uint32_t> first_arc, std::span<const Node> arc_head);

// The nodes, the first to contract first. `progress` is told how many nodes have their place.
std::vector<Node> contraction_order(const Adjacency& graph, std::span<const Point> positions,
                                    const std::function<void(std::size_t)>& progress);

}  // namespace evc::routing::roads
