// The places of an imported network for the index of names: number i is places[i]. Where the map says no population,
// what is usual for the kind of place stands for it.
#pragma once

#include "services/routing/domain/place_index.hpp"
#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

// The names live as long as the network's arrays.
std::vector<PlaceIndex::Named> place_names(const RoadNetwork& network);

}  // namespace evc::routing::roads
