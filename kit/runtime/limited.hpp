// A task that may take only so long: for calls of code that we do not know, which may wait for something that never
// comes. Lives on the worker of the caller.
#pragma once

#include <functional>

#include "kit/runtime/worker.hpp"

namespace evc {

// Resumes when `task` has ended; true when it ended by itself, and what it threw is thrown. At `deadline` it is told to
// stop (`told` is called first): the operation that it waits for is cancelled and its next co_await throws; what it
// throws then is dropped. A task that waits for something that cannot be cancelled is waited for all the same, because
// what it refers to must live.
Task<bool> run_limited(Worker& worker, Task<> task, SteadyTime deadline, std::function<void()> told);

}  // namespace evc
