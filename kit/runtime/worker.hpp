// A worker is one thread with its own single-threaded io_context, deadline wheel and task group. Connections, pools and
// coroutines live and die on their worker, so nothing on it needs a lock. Other threads reach it by post() only.
// Its destructor stops the loop and destroys what is still suspended; objects that hold sockets or timers of it must go
// before it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "kit/runtime/deadline_wheel.hpp"
#include "kit/runtime/task.hpp"
#include "kit/runtime/task_group.hpp"

namespace evc {

// An io_context whose pending work can be destroyed before the object itself.
class WorkerLoop : public boost::asio::io_context {
 public:
  using io_context::io_context;
  void close() { shutdown(); }
};

class Worker {
 public:
  explicit Worker(std::size_t index = 0);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  std::size_t index() const { return index_; }
  boost::asio::io_context& io() { return io_; }
  Executor executor() { return io_.get_executor(); }
  DeadlineWheel& wheel() { return *wheel_; }
  TaskGroup& tasks() { return *tasks_; }

  // Runs the loop on the calling thread until stop(); start() runs it on a thread of its own.
  void run();
  void start();
  void stop();
  void join();
  // From any thread.
  void post(std::function<void()> work);

 private:
  std::size_t index_;
  WorkerLoop io_{1};
  std::unique_ptr<DeadlineWheel> wheel_;
  std::unique_ptr<TaskGroup> tasks_;
  std::thread thread_;
};

// Resumes after `duration`, or at once when the worker's task group or the calling task is cancelled.
Task<> sleep_for(Worker& worker, std::chrono::milliseconds duration);

}  // namespace evc
