// Small random problems for tests of the overlay search, by seed: sites whose power rises and falls, drives that know
// no geometry, descents that fill the battery, reserves, prices, vias with and without a plug.
#pragma once

#include <memory>

#include "services/routing/domain/overlay/problem.hpp"

namespace evc::routing {

enum class Aim { kTime, kMixed };
enum class Stays { kNone, kPlain, kPlugged };

struct RandomProblem {
  std::unique_ptr<Overlay> overlay;
  std::unique_ptr<TripGraph> graph;
  Problem problem;
};

RandomProblem random_problem(std::uint64_t seed, Aim aim, Stays stays);

}  // namespace evc::routing
