// The order along a Hilbert curve over the whole earth: what is near in it is near on the ground. For sorting, so that
// what is used together lies together. Pure.
#pragma once

#include <cstdint>

#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

// The cell of the point, some 600 m by 300 m at the equator.
std::uint32_t hilbert_key(Point point);

}  // namespace evc::routing::roads
