#include "kit/testing/run_task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "kit/base/assert.hpp"

namespace evc::testing {
namespace {

constexpr auto kCancelLimit = std::chrono::milliseconds(2000);

// How a task ended, across threads.
struct Ending {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::exception_ptr thrown;
  boost::asio::cancellation_signal cancel;

  void finish(std::exception_ptr exception) {
    const std::scoped_lock lock(mutex);
    done = true;
    thrown = std::move(exception);
    changed.notify_all();
  }
};

void spawn(Worker& worker, Task<> task, const std::shared_ptr<Ending>& ending) {
  boost::asio::co_spawn(worker.io(), std::move(task),
                        boost::asio::bind_cancellation_slot(ending->cancel.slot(), [ending](std::exception_ptr thrown) {
                          ending->finish(std::move(thrown));
                        }));
}

void report(Ending& ending, bool in_time) {
  EVC_ASSERT(ending.done && "a test's task did not end in time and ignores cancellation");
  if (!in_time) throw std::runtime_error("the task did not end in time");
  if (ending.thrown) std::rethrow_exception(ending.thrown);
}

}  // namespace

bool run_until(Worker& worker, const std::function<bool()>& reached, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const auto guard = boost::asio::make_work_guard(worker.io());
  worker.io().restart();
  while (!reached()) {
    if (worker.io().run_one_until(deadline) == 0 && std::chrono::steady_clock::now() >= deadline) return reached();
  }
  return true;
}

void drive(Worker& worker, Task<> task, std::chrono::milliseconds limit) {
  const auto ending = std::make_shared<Ending>();
  spawn(worker, std::move(task), ending);
  const auto done = [&] { return ending->done; };
  const bool in_time = run_until(worker, done, limit);
  if (!in_time) {
    ending->cancel.emit(boost::asio::cancellation_type::all);
    run_until(worker, done, kCancelLimit);
  }
  report(*ending, in_time);
}

void wait_on(Worker& worker, Task<> task, std::chrono::milliseconds limit) {
  const auto ending = std::make_shared<Ending>();
  worker.post([&worker, ending, shared = std::make_shared<Task<>>(std::move(task))] {
    spawn(worker, std::move(*shared), ending);
  });
  std::unique_lock lock(ending->mutex);
  const auto done = [&] { return ending->done; };
  const bool in_time = ending->changed.wait_for(lock, limit, done);
  if (!in_time) {
    worker.post([ending] { ending->cancel.emit(boost::asio::cancellation_type::all); });
    ending->changed.wait_for(lock, kCancelLimit, done);
  }
  report(*ending, in_time);
}

}  // namespace evc::testing
