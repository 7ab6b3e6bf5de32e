// Between two spots a few ways are known at each speed cap, each the best of some weight. A way that nobody knows yet,
// and that none of them beats, is slower than one of them and faster than the next, and takes more than the next and
// less than the first. So it is beaten by a drive as fast as the one and as thrifty as the other: the ideal drives are
// those, and a search over them cannot miss what a better way could bring. Exact as far as the known ways are the best
// of their weights for this car too: they are chosen for the usual car, in free flow and at 80 to 100 km/h.
#pragma once

#include "services/routing/domain/imported/courses.hpp"
#include "services/routing/domain/trip_network.hpp"

namespace evc::routing::imported {

// Of all known drives of one pair, with their ways, and those too that take more than the battery holds. What no
// unknown way can better by more than a quarter of a per cent keeps its way; the others have kNobodysWay.
std::vector<Drive> ideal_drives(std::span<const Drive> known);

// Whether drives of one cap leave room for a better one.
bool room_in(std::span<const Drive> of_cap);

}  // namespace evc::routing::imported
