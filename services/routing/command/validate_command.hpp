// `evcosta-route validate`: how well the energy model tells what cars use on test cycles, from their coast-down
// coefficients alone. Rows are in the units of the certification data of the US EPA.
#pragma once

#include <string_view>

#include "services/routing/command/outcome.hpp"

namespace evc::routing::command {

// `rows`: CSV with the header car,aLbf,bLbfPerMph,cLbfPerMph2,weightLb,cycle,whPerMile; `cycles`: as data/cycles.
Outcome validate(std::string_view rows, std::string_view cycles);

}  // namespace evc::routing::command
