#include "kit/kafka/event_queue.hpp"

#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

#include "kit/base/assert.hpp"

namespace evc::kafka {

struct EventQueue::Impl {
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

  Impl(Worker& its_worker, QueueHandle its_queue)
      : worker(its_worker),
        queue(std::move(its_queue)),
        wakeup(worker.executor(), ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    static constexpr std::uint64_t kOne = 1;
    rd_kafka_queue_io_event_enable(queue.get(), wakeup.native_handle(), &kOne, sizeof kOne);
  }

  // librdkafka must not write into a descriptor number that somebody else gets next.
  void close() {
    rd_kafka_queue_io_event_enable(queue.get(), -1, nullptr, 0);
    boost::system::error_code ignored;
    wakeup.close(ignored);
  }

  Worker& worker;
  QueueHandle queue;
  Descriptor wakeup;
};

EventQueue::EventQueue(Worker& worker, QueueHandle queue) : impl_(std::make_shared<Impl>(worker, std::move(queue))) {}

EventQueue::~EventQueue() {
  impl_->close();
}

EventHandle EventQueue::poll() {
  return EventHandle(rd_kafka_queue_poll(impl_->queue.get(), 0));
}

Task<> EventQueue::wait(SteadyTime deadline) {
  // The queue may be destroyed while this coroutine waits.
  const auto impl = impl_;
  if (!impl->wakeup.is_open()) co_return;
  const auto limit = impl->worker.wheel().arm(deadline, [weak = std::weak_ptr(impl)] {
    boost::system::error_code ignored;
    if (const auto alive = weak.lock()) alive->wakeup.cancel(ignored);
  });
  boost::system::error_code error;
  co_await impl->wakeup.async_wait(Impl::Descriptor::wait_read, boost::asio::redirect_error(use_task, error));
  if (error) co_return;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(impl->wakeup.native_handle(), &count, sizeof count);
}

void EventQueue::wake() {
  boost::system::error_code ignored;
  impl_->wakeup.cancel(ignored);
}

rd_kafka_queue_s* EventQueue::handle() const {
  return impl_->queue.get();
}

}  // namespace evc::kafka
