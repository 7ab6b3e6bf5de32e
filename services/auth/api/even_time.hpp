// Answers about accounts leave on a grid of 25 ms, so that what is left of a difference in time between the states of
// an account (a row that is found, a value that is opened) is not seen outside.
#pragma once

#include <chrono>

#include "kit/runtime/worker.hpp"
#include "kit/telemetry/request_context.hpp"

namespace evc::auth_service {

inline constexpr std::chrono::milliseconds kTimeGrain{25};

// Sleeps until the next multiple of the grain since `begun`.
Task<> until_even_time(Worker& worker, const RequestContext& context, SteadyTime begun);

}  // namespace evc::auth_service
