// Strongly connected parts of a directed graph: from every node of a part every other one can be reached.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

// The part of each node; numbers are dense and say nothing else.
std::vector<std::uint32_t> strong_components(std::span<const std::uint32_t> first_arc, std::span<const Node> arc_head);

}  // namespace evc::routing::roads
