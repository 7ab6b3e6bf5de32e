// The nearest road to a position. A packed tree of boxes over runs of shape, sorted along a Hilbert curve; flat arrays,
// so that it lies in a file as it is. Best first: exact on the local plane, which is good where a driver can stand.
#pragma once

#include <optional>

#include "services/routing/domain/geo.hpp"
#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

// Fills runs, boxes and first_of_level.
void add_shape_index(RoadNetworkData& network);

// A place on a segment.
struct RoadPlace {
  SegmentId segment = 0;
  double share = 0;       // of the segment's length, 0 at its tail
  double distance_m = 0;  // from the position asked for
  Position position;      // on the road
};

enum class Snapping {
  kWellConnected,  // only where the rest of the network can be reached from
  kAnywhere,
};

// Nothing when no road is within the limit.
std::optional<RoadPlace> nearest_road(const RoadNetwork& network, const Position& position, Snapping snapping,
                                      double limit_m);

}  // namespace evc::routing::roads
