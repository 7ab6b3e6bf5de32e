// What a chain of road asks of a car: shape with elevations, and for each direction length, free-flow time, climb,
// descent and the histogram over (speed, slope). The elevation profile is straightened within 2.5 m before slopes are
// taken: what a terrain model adds in noise would otherwise count as hills. Bridges and tunnels run straight between
// their ends.
#pragma once

#include <optional>

#include "services/routing/domain/roads/chains.hpp"
#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

class Elevation {
 public:
  virtual ~Elevation() = default;
  virtual std::optional<double> metres_at(Position position) const = 0;
};

// Fills points, segments, lanes, bins and names; segment i is chain i. Without an elevation the land is flat.
void add_segments(const RawRoads& roads, const Chains& chains, const Elevation* elevation, RoadNetworkData& network);

}  // namespace evc::routing::roads
