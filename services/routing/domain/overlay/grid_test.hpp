// The other way to the optimum, for tests: dynamic programming over a grid of stored energy. Rounded in the car's
// favour everywhere its result is never above the optimum, rounded against it never below.
#pragma once

#include "services/routing/domain/overlay/problem.hpp"

namespace evc::routing {

enum class Rounding { kForTheCar, kAgainstIt };

// Infinite when there is no trip on the grid.
double grid_optimum(const Problem& problem, int levels, Rounding rounding);

}  // namespace evc::routing
