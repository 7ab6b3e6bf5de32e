// A small separator of one part of a network. For each of four directions the quarter of the nodes that lies furthest
// one way is the source of a flow and the opposite quarter its sink; the least cut between them (Dinic, one unit per
// edge) gives the edges to cut, and of those the ends on the side with fewer of them separate. The best of the four is
// taken. Schild and Sommer, 2015.
#pragma once

#include <vector>

#include "services/routing/domain/roads/contraction_order.hpp"

namespace evc::routing::roads {

enum class Side : std::uint8_t { kLeft, kRight, kSeparator };

// By node of `part`, which is connected and has at least four nodes. Neither side is empty.
std::vector<Side> separate(const Adjacency& part, std::span<const Point> positions);

}  // namespace evc::routing::roads
