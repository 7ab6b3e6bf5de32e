// Work that burns CPU (Argon2, route search) leaves the worker for a small pool of low-priority threads and comes back
// by post. The queue is bounded: a full pool answers `overloaded` with retry_after, so that the caller sheds instead of
// queueing. A pool is destroyed before the workers that use it: its end waits for the work that runs, and what waits in
// its queue comes back as `deadline-exceeded`. Work that throws ends the process.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kit/base/result.hpp"
#include "kit/runtime/task.hpp"
#include "kit/runtime/worker.hpp"

namespace evc {

class CpuPool {
 public:
  struct Options {
    std::string name;
    std::size_t threads = 1;
    std::size_t queue_limit = 64;
    int nice = 5;  // more than the process has
  };
  explicit CpuPool(Options options);
  ~CpuPool();

  // Runs `work` on the pool and resumes on `worker` with its value. `work` must not touch the worker's state.
  // It is skipped with `deadline-exceeded` when it has not begun by `deadline`.
  template <class F>
  Task<Result<std::invoke_result_t<F>>> run(Worker& worker, SteadyTime deadline, F work) {
    auto slot = std::make_shared<std::optional<std::invoke_result_t<F>>>();
    auto outcome = co_await run_erased(
        worker, deadline,
        std::move_only_function<void()>([slot, work = std::move(work)]() mutable { slot->emplace(work()); }));
    if (!outcome) co_return std::unexpected(std::move(outcome).error());
    co_return std::move(**slot);
  }
  std::size_t queued() const;

 private:
  Task<Result<void>> run_erased(Worker& worker, SteadyTime deadline, std::move_only_function<void()> work);
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc
