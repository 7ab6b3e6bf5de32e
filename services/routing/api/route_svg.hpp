// A trip as a drawing: the roads, the stops with their charge, the alternatives behind them; for an impossible trip the
// gap. Pure. North is up, a degree of longitude is as wide as it is at the drawing's middle.
#pragma once

#include <string>

#include "services/routing/domain/trip_network.hpp"

namespace evc::routing {

std::string route_svg(const TripNetwork& network, const TripAnswer& answer);

}  // namespace evc::routing
