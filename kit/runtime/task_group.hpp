// Every background coroutine belongs to a group: nothing is detached without an owner. An exception that leaves a task ends the
// process (EVC_ASSERT), since state is unknown then. cancel() emits Asio's total cancellation to all; drain() waits for them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

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
  // Resumes when the group is empty or at `deadline`; true when empty.
  Task<bool> drain(SteadyTime deadline);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc
