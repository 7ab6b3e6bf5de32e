// The other way to the optimum of a small instance, for tests: every sequence of stations that could still be better,
// and for each every combination of segments of the charging functions as a linear program (GLPK). Shares nothing with
// the solver but the instance.
#pragma once

#include <span>

#include "services/routing/domain/frvcp/solver.hpp"

namespace evc::routing::frvcp {

struct Enumerated {
  double duration = 0;  // infinite: impossible
  std::size_t programs = 0;
};

// When sequences of up to `deepest` stops are all impossible, so is the route.
Enumerated enumerate(const Instance& instance, std::span<const std::uint32_t> route, const Limits& limits,
                     std::size_t deepest);

}  // namespace evc::routing::frvcp
