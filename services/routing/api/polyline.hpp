// A line on the map as the encoded polyline algorithm writes it, with six digits: differences from point to point in
// millionths of a degree, in chunks of five bits. Pure.
#pragma once

#include <span>
#include <string>

#include "services/routing/domain/geo.hpp"

namespace evc::routing {

std::string polyline6(std::span<const Position> line);

}  // namespace evc::routing
