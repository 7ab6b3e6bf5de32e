#include "kit/runtime/worker.hpp"

#include <pthread.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "kit/base/assert.hpp"

namespace evc {

Worker::Worker(std::size_t index)
    : index_(index), wheel_(std::make_unique<DeadlineWheel>(io_)), tasks_(std::make_unique<TaskGroup>(io_)) {}

Worker::~Worker() {
  stop();
  join();
  // Suspended coroutines are destroyed here, while the wheel and the task group that they hold on to still exist.
  io_.close();
}

void Worker::run() {
  const auto guard = boost::asio::make_work_guard(io_);
  io_.run();
}

void Worker::start() {
  EVC_ASSERT(!thread_.joinable());
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), ("worker-" + std::to_string(index_)).c_str());
    run();
  });
}

void Worker::stop() {
  io_.stop();
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void()> work) {
  boost::asio::post(io_, std::move(work));
}

}  // namespace evc
