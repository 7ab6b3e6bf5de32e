// The graph that is searched, with turn restrictions built in. Forbidden sequences of lanes are kept in one automaton
// (Aho and Corasick): a node of the graph is a junction together with the longest end of the way so far that begins a
// forbidden sequence. Nearly all junctions have the empty one only, so the graph grows where restrictions are and
// nowhere else, and any search on it honours them, over any number of ways.
// Turning round: where nothing is remembered no shortest path turns round, so it is only forbidden where it could pay:
// at the neighbours of a junction with a restriction. Beyond them, and at dead ends, a driver may turn round.
#pragma once

#include <cstdint>
#include <vector>

#include "services/routing/domain/roads/chains.hpp"
#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

struct TurnGraph {
  std::vector<Point> node_points;
  Node vertex_count = 0;  // the first nodes are the vertices themselves, in their order
  std::vector<std::uint32_t> first_arc;
  std::vector<Node> arc_head;
  std::vector<LaneId> arc_lane;

  std::uint32_t restrictions = 0;    // that hold
  std::uint32_t without_effect = 0;  // their roads are closed to cars, or not connected
  std::uint32_t ambiguous = 0;       // a road passes through where it should end; not applied
};

// `lanes`: those of add_segments, whose segment i is chain i.
TurnGraph make_turn_graph(const RawRoads& roads, const Chains& chains, const std::vector<Lane>& lanes);

}  // namespace evc::routing::roads
