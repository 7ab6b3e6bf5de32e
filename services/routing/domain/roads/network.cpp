#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

// They are written to files as they are.
static_assert(sizeof(ShapePoint) == 12 && sizeof(Segment) == 12 && sizeof(Lane) == 20 && sizeof(Box) == 16);
static_assert(sizeof(ShapeRun) == 8 && sizeof(NamedPlace) == 32 && sizeof(Poi) == 24);

RoadNetwork view_of(const RoadNetworkData& data) {
  RoadNetwork network;
  for_each_array([](const char*, auto& view, const auto& array) { view = array; }, network, data);
  return network;
}

}  // namespace evc::routing::roads
