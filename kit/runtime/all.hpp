// Several tasks at the same time on the worker of the caller: for independent round trips that need not wait for each
// other. Cancelling the caller cancels them all. An exception of one is thrown after all have ended.
#pragma once

#include <vector>

#include "kit/runtime/task.hpp"

namespace evc {

// Resumes when every task has ended.
Task<> all(std::vector<Task<>> tasks);

}  // namespace evc
