// Our own stations and those of the map as one list. Pure.
#pragma once

#include <vector>

#include "services/routing/domain/roads/charging_station.hpp"

namespace evc::routing {

// A station of the map that stands within 100 m of a listed one is that one: the list knows its id, sockets and price,
// the map may know its hours. The nearest counts. The listed ones come first, in their order.
std::vector<roads::ChargingStation> joined_stations(std::vector<roads::ChargingStation> listed,
                                                    std::vector<roads::ChargingStation> mapped);

}  // namespace evc::routing
