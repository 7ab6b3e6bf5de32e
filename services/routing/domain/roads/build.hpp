// From raw roads to a network that can be searched: chains, segments, turns, parts nobody can start in, contraction
// order, hierarchy, spatial index. Deterministic; one thread; about 300 bytes of memory per node of the map at its
// height.
#pragma once

#include <functional>
#include <string_view>

#include "services/routing/domain/roads/network.hpp"
#include "services/routing/domain/roads/segments.hpp"
#include "services/routing/domain/roads/turns.hpp"

namespace evc::routing::roads {

struct BuildOptions {
  const Elevation* elevation = nullptr;                          // none: the land is flat
  std::function<void(std::string_view)> progress = [](auto) {};  // one line per step
};

struct BuiltNetwork {
  RoadNetworkData data;
  std::uint32_t restrictions = 0;  // turn restrictions that hold
  std::uint32_t restrictions_without_effect = 0;
  std::uint32_t restrictions_ambiguous = 0;
  std::uint32_t tiny_segments = 0;
};

// Takes the roads apart as it goes, to hold less at a time.
BuiltNetwork build_network(RawRoads roads, const BuildOptions& options);

}  // namespace evc::routing::roads
