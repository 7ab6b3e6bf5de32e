// An overlay holds a few ways between any two stands, and there may be better ones: a small battery needs what the
// fastest way takes too much for and the thriftiest one takes too long for. So a trip is also solved over drives that
// no way can beat. Where that promises more, the pairs that it rests on are looked at exactly, and both are solved
// again: until the promise is kept, or no more can be found. It costs a search more where nothing is promised, and a
// few searches and milliseconds per pair where much is.
#pragma once

#include <memory>
#include <optional>

#include "services/routing/domain/prepared_trip.hpp"

namespace evc::routing {

struct BetterWays {
  std::unique_ptr<PreparedTrip> trip;     // with the ways that were found
  std::optional<OverlayOutcome> outcome;  // its solution; empty: it was not searched, because it is impossible
  // No trip over any way costs less, as far as the network knows its fastest and its thriftiest ways; empty: not known.
  std::optional<double> least;
  std::size_t labels = 0;  // of the other searches
};

BetterWays better_ways(std::unique_ptr<PreparedTrip> trip);

}  // namespace evc::routing
