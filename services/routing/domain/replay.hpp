// Drives a plan once more from the network alone: its own energy sums, its own charging integration, every limit of the
// request. It shares the physics (kit/ev) with the search and nothing else, and must agree to 1 Wh and 1 s.
#pragma once

#include "kit/base/result.hpp"
#include "services/routing/domain/trip_network.hpp"

namespace evc::routing {

// internal with the first contradiction as the detail.
Result<void> replay(const TripNetwork& network, const TripRequest& request, const TripPlan& plan);

}  // namespace evc::routing
