// What the operators' commands of auth (evcosta-operator, -keys, -clients) share: how a mistake is said, and work on a
// worker of its own until it ends.
#pragma once

#include <string>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::auth_service {

// The first thing that is wrong, in words.
std::string first_problem(const Error& error);

// Runs `work` to its end, closes the pools that it used, and says how it ended.
Result<void> run_command(Worker& worker, Task<Result<void>> work, std::vector<postgres::Pool*> pools);

}  // namespace evc::auth_service
