// Runs one coroutine to its end from an ordinary test, with a deadline: a test never hangs and never sleeps. run_task()
// drives the worker's loop on the calling thread; run_task_on() waits for a worker that runs on a thread of its own.
// Not done in time: the task is cancelled and std::runtime_error thrown; a task that ignores that as well ends the test
// program, since its locals may be gone.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <type_traits>

#include "kit/runtime/worker.hpp"

namespace evc::testing {

inline constexpr std::chrono::milliseconds kTaskLimit{20'000};

void drive(Worker& worker, Task<> task, std::chrono::milliseconds limit);
void wait_on(Worker& worker, Task<> task, std::chrono::milliseconds limit);

template <class T>
Task<> keep_result(Task<T> task, std::optional<T>& into) {
  into.emplace(co_await std::move(task));
}

template <class T>
T run_task(Worker& worker, Task<T> task, std::chrono::milliseconds limit = kTaskLimit) {
  if constexpr (std::is_void_v<T>) {
    drive(worker, std::move(task), limit);
  } else {
    std::optional<T> result;
    drive(worker, keep_result(std::move(task), result), limit);
    return std::move(*result);
  }
}

template <class T>
T run_task_on(Worker& worker, Task<T> task, std::chrono::milliseconds limit = kTaskLimit) {
  if constexpr (std::is_void_v<T>) {
    wait_on(worker, std::move(task), limit);
  } else {
    std::optional<T> result;
    wait_on(worker, keep_result(std::move(task), result), limit);
    return std::move(*result);
  }
}

// Drives the loop until `reached` is true; false at the limit.
bool run_until(Worker& worker, const std::function<bool()>& reached, std::chrono::milliseconds limit = kTaskLimit);

}  // namespace evc::testing
