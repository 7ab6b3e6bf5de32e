#include "kit/runtime/limited.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <memory>

namespace evc {

Task<bool> run_limited(Worker& worker, Task<> task, SteadyTime deadline, std::function<void()> told) {
  struct Stop {
    boost::asio::cancellation_signal signal;
    bool said = false;
  };
  const auto stop = std::make_shared<Stop>();
  auto alarm = worker.wheel().arm(deadline, [stop, told = std::move(told)] {
    stop->said = true;
    if (told) told();
    stop->signal.emit(boost::asio::cancellation_type::terminal);
  });
  std::exception_ptr thrown;
  try {
    co_await boost::asio::co_spawn(worker.executor(), std::move(task),
                                   boost::asio::bind_cancellation_slot(stop->signal.slot(), use_task));
  } catch (...) {
    thrown = std::current_exception();
  }
  alarm.disarm();
  if (thrown && !stop->said) std::rethrow_exception(thrown);
  co_return !stop->said;
}

}  // namespace evc
