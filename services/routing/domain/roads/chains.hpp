// Roads cut at junctions: every node that two pieces of road only pass through disappears into the shape of one chain.
// A node stays when its roads differ in what passing means (one-way against two-way, toll, ferry), when a turn
// restriction names it, when it is blocked (then each road ends there on its own), or when roads meet or end.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "services/routing/domain/roads/raw_roads.hpp"

namespace evc::routing::roads {

using Vertex = std::uint32_t;

// A piece of a way between two neighbouring nodes.
struct ChainPiece {
  std::uint32_t way = 0;
  std::uint32_t node = 0;  // where it begins, in the chain's direction
  bool against = false;    // the chain runs against the way here
};

struct Chain {
  Vertex tail = 0;
  Vertex head = 0;
  std::uint32_t first_piece = 0;  // in Chains::pieces, up to the next chain's
  std::uint32_t last_node = 0;
};

struct Chains {
  std::vector<Chain> chains;
  std::vector<ChainPiece> pieces;
  std::vector<Point> vertices;
  std::unordered_map<std::uint32_t, Vertex> vertex_of_node;  // of the nodes that turns name

  std::uint32_t pieces_end(std::uint32_t chain) const {
    return chain + 1 < chains.size() ? chains[chain + 1].first_piece : static_cast<std::uint32_t>(pieces.size());
  }
};

Chains make_chains(const RawRoads& roads);

}  // namespace evc::routing::roads
