// A charging station out of the map's tags: sockets with their power, fee, opening hours. Pure.
#pragma once

#include <optional>

#include "services/routing/domain/roads/charging_station.hpp"
#include "services/routing/import/tags.hpp"

namespace evc::routing {

// Nothing: no station, or none for cars and the public. Position and id are the caller's.
std::optional<roads::ChargingStation> charging_station(const Tags& tags);

// "50 kW", "22000 W", "50", "150kW;50kW" (the greatest): kW.
std::optional<double> power_kw(std::string_view text);

}  // namespace evc::routing
