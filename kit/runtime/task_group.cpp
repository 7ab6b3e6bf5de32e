#include "kit/runtime/task_group.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <list>

#include "kit/base/assert.hpp"
#include "kit/runtime/worker.hpp"

namespace evc {
namespace {

using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

// Cancellation is something a task sees (an operation that ends early, cancelled()), not an exception at its next
// co_await: a task that is told to stop may still have to say goodbye to its peer.
Task<> without_cancellation_exceptions(Task<> task) {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

[[noreturn]] void die(const std::string& name, const char* what) {
  const std::string message = fmt::format("task {} ended with an exception: {}", name, what);
  assertion_failed(message.c_str(), __FILE__, __LINE__);
}

void require_clean_end(const std::string& name, const std::exception_ptr& thrown, bool cancelled) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    if (cancelled && error.code() == boost::asio::error::operation_aborted) return;
    die(name, error.what());
  } catch (const std::exception& error) {
    die(name, error.what());
  } catch (...) {
    die(name, "not a std::exception");
  }
}

}  // namespace

struct TaskGroup::Impl {
  explicit Impl(boost::asio::io_context& context) : io(context) {}

  struct Running {
    explicit Running(std::string n) : name(std::move(n)) {}
    std::string name;
    boost::asio::cancellation_signal signal;
  };

  boost::asio::io_context& io;
  std::list<std::shared_ptr<Running>> running;
  std::list<Timer*> wakened_by_cancel;
  std::list<Timer*> wakened_when_empty;
  bool cancelled = false;
};

TaskGroup::TaskGroup(boost::asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}
TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(std::string name, Task<> task) {
  const auto place = impl_->running.insert(impl_->running.end(), std::make_shared<Impl::Running>(std::move(name)));
  auto on_end = [impl = impl_, place](const std::exception_ptr& thrown) {
    require_clean_end((*place)->name, thrown, impl->cancelled);
    impl->running.erase(place);
    if (!impl->running.empty()) return;
    for (Timer* timer : impl->wakened_when_empty) timer->cancel();
  };
  boost::asio::co_spawn(impl_->io, without_cancellation_exceptions(std::move(task)),
                        boost::asio::bind_cancellation_slot((*place)->signal.slot(), std::move(on_end)));
}

void TaskGroup::cancel() {
  impl_->cancelled = true;
  for (Timer* timer : impl_->wakened_by_cancel) timer->cancel();
  // A copy: a task may end, and leave the list, while it is told.
  const std::vector<std::shared_ptr<Impl::Running>> told(impl_->running.begin(), impl_->running.end());
  for (const auto& task : told) task->signal.emit(boost::asio::cancellation_type::total);
}

bool TaskGroup::cancelled() const {
  return impl_->cancelled;
}

std::size_t TaskGroup::size() const {
  return impl_->running.size();
}

std::vector<std::string> TaskGroup::names() const {
  std::vector<std::string> all;
  for (const auto& task : impl_->running) all.push_back(task->name);
  return all;
}

namespace {

// Waits until the timer is due or somebody cancels it through `list`.
Task<> wait_listed(Timer& timer, std::list<Timer*>& list) {
  struct Listed {
    std::list<Timer*>& list;
    std::list<Timer*>::iterator place;
    ~Listed() { list.erase(place); }
  };
  const Listed listed{list, list.insert(list.end(), &timer)};
  co_await timer.async_wait(boost::asio::as_tuple(use_task));
}

}  // namespace

Task<bool> TaskGroup::drain(SteadyTime deadline) {
  const auto impl = impl_;
  while (!impl->running.empty() && std::chrono::steady_clock::now() < deadline) {
    Timer timer(impl->io, deadline);
    co_await wait_listed(timer, impl->wakened_when_empty);
  }
  co_return impl->running.empty();
}

Task<> TaskGroup::sleep_until(SteadyTime when) {
  const auto impl = impl_;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (impl->cancelled || state.cancelled() != boost::asio::cancellation_type::none) co_return;
  Timer timer(impl->io, when);
  co_await wait_listed(timer, impl->wakened_by_cancel);
}

Task<> sleep_for(Worker& worker, std::chrono::milliseconds duration) {
  co_await worker.tasks().sleep_until(std::chrono::steady_clock::now() + duration);
}

}  // namespace evc
