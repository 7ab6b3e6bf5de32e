// A value that one coroutine waits for and that somebody on the same worker delivers: the answer to a pipelined
// command, a free connection, an expired deadline. The first delivery wins, later ones are dropped (and destroyed).
// Held by shared_ptr, because whoever delivers may outlive whoever waits. One waiter, one wait.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>

#include "kit/base/assert.hpp"
#include "kit/base/clock.hpp"
#include "kit/runtime/task.hpp"

namespace evc {

template <class T>
class OneShot {
 public:
  explicit OneShot(Executor executor) : timer_(executor, SteadyTime::max()) {}

  bool delivered() const { return delivered_; }
  // True when this delivery is the one that counts.
  bool deliver(T value) {
    if (delivered_) return false;
    delivered_ = true;
    value_.emplace(std::move(value));
    timer_.cancel();
    return true;
  }

  // nullopt when the waiting coroutine was cancelled first.
  static Task<std::optional<T>> wait(std::shared_ptr<OneShot> self) {
    while (!self->delivered_) {
      const auto [error] = co_await self->timer_.async_wait(boost::asio::as_tuple(use_task));
      // The timer never expires: its wait ends by deliver() or by cancellation.
      if (error && !self->delivered_) {
        self->delivered_ = true;
        co_return std::nullopt;
      }
    }
    EVC_ASSERT(self->value_.has_value());
    std::optional<T> value = std::move(self->value_);
    self->value_.reset();
    co_return value;
  }

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
  Timer timer_;
  std::optional<T> value_;
  bool delivered_ = false;
};

}  // namespace evc
