// Roads as a map has them, after the rules for cars have been applied: the importer (or a test) fills it, chains.hpp
// makes segments of it. Nodes that no road uses may be there. Positions and orders decide the output: the same content
// gives the same network, bit by bit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

struct RawNode {
  Point point;
  std::uint16_t delay_ms = 0;  // a signal, a gate
  bool blocked = false;        // nothing drives over it: roads end on both sides
};

enum RawWayFlags : std::uint8_t {
  kRawToll = 1,
  kRawFerry = 2,
  kRawOffGround = 4,  // a bridge or a tunnel: the ground's elevation is not the road's
};

struct RawWay {
  std::int64_t osm_id = 0;
  std::uint32_t first_ref = 0;  // in RawRoads::refs, up to the next way's; at least two, neighbours differ
  std::uint32_t name = 0;       // offset in RawRoads::names
  RoadClass road_class = RoadClass::kResidential;
  std::uint8_t flags = 0;
  std::uint8_t speed_along = 0;  // speed classes; 0: closed. A ferry has 1 where it goes.
  std::uint8_t speed_against = 0;
  std::uint32_t ferry_ms = 0;  // the whole crossing
};

enum class TurnKind : std::uint8_t {
  kForbidden,
  kMandatory,  // from `from` over the via only into `to`
};

struct RawTurn {
  std::uint32_t from_way = 0;  // indices of ways
  std::uint32_t to_way = 0;
  std::optional<std::uint32_t> via_node;  // index of a node …
  std::vector<std::uint32_t> via_ways;    // … or ways in driving order
  TurnKind kind = TurnKind::kForbidden;
};

struct RawRoads {
  std::vector<RawNode> nodes;
  std::vector<std::uint32_t> refs;  // indices of nodes
  std::vector<RawWay> ways;
  std::vector<RawTurn> turns;
  std::vector<char> names = {'\0'};

  std::uint32_t refs_end(std::uint32_t way) const {
    return way + 1 < ways.size() ? ways[way + 1].first_ref : static_cast<std::uint32_t>(refs.size());
  }
  std::uint32_t add_name(const std::string& name);  // offset; the empty name is 0
};

}  // namespace evc::routing::roads
