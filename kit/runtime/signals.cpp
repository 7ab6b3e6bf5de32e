#include "kit/runtime/signals.hpp"

#include <boost/asio/basic_signal_set.hpp>
#include <csignal>

namespace evc {

struct StopSignals::Impl : std::enable_shared_from_this<Impl> {
  Impl(Worker& worker, std::function<void(int)> callback)
      : set(worker.io(), SIGTERM, SIGINT), on_signal(std::move(callback)) {}

  void wait() {
    set.async_wait([weak = weak_from_this()](const boost::system::error_code& failure, int number) {
      const auto self = weak.lock();
      if (failure || !self) return;
      self->on_signal(number);
      self->wait();
    });
  }

  boost::asio::basic_signal_set<Executor> set;
  std::function<void(int)> on_signal;
};

StopSignals::StopSignals(Worker& worker, std::function<void(int)> on_signal)
    : impl_(std::make_shared<Impl>(worker, std::move(on_signal))) {
  impl_->wait();
}

StopSignals::~StopSignals() = default;

void ignore_broken_pipes() {
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace evc
