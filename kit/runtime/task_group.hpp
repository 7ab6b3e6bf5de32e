// Every background coroutine belongs to a group: nothing is detached without an owner. An exception that leaves a task
// ends the process (EVC_ASSERT), since state is unknown then. cancel() emits Asio's total cancellation to all; drain()
// waits for them. A cancelled task's pending operation ends with operation_aborted; no co_await throws by itself
// afterwards, so a loop asks cancelled() and a farewell may still be sent. An operation begun after cancel() is not
// cancelled by it; the owner may call cancel() again.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/runtime/task.hpp"

namespace evc {

class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::io_context& io);
  ~TaskGroup();

  // `name` is for /requests and for the message when it throws. On the worker's thread only.
  void spawn(std::string name, Task<> task);
  void cancel();
  bool cancelled() const;
  std::size_t size() const;
  std::vector<std::string> names() const;
  // Resumes when the group is empty or at `deadline`; true when empty.
  // Not to be awaited by a task of the group itself.
  Task<bool> drain(SteadyTime deadline);
  // Resumes at `when`, or at once when the group or the calling task is cancelled.
  Task<> sleep_until(SteadyTime when);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc
