// How far a car gets when time and money do not matter: the most energy with which it can arrive at each site of each
// stage, charging as far as it may at every stop. The quick answer to "is it possible at all".
#pragma once

#include <vector>

#include "services/routing/domain/overlay/problem.hpp"

namespace evc::routing {

struct Reach {
  std::vector<std::vector<double>> sites;  // [stage][site], negative: not reached
  std::vector<double> terminals;           // negative: not reached
  bool feasible() const { return terminals.back() >= 0; }
};

Reach reach(const Problem& problem);

}  // namespace evc::routing
