// The gates' control listener: plain HTTP on loopback, for tests and the launcher.
//   GET /gates            every gate with its fault and its counts
//   GET /gates/{name}     one of them
//   PUT /gates/{name}     a fault, e.g. {"mode":"delay","ms":300}; it holds when the answer is there
//   DELETE /gates         all gates pass
#pragma once

#include <memory>
#include <vector>

#include "kit/http/router.hpp"
#include "simulators/fault_gate/gate.hpp"

namespace evc::fault_gate {

// `gates` live as long as the router.
std::shared_ptr<http::Router> control_routes(std::vector<std::unique_ptr<Gate>>& gates);

}  // namespace evc::fault_gate
