#include "kit/runtime/signals.hpp"

#include <boost/asio/basic_signal_set.hpp>
#include <csignal>

namespace evc {

struct StopSignals::Impl : std::enable_shared_from_this<Impl> {
  Impl(Worker& worker, std::initializer_list<int> numbers, std::function<void(int)> callback)
      : set(worker.io()), on_signal(std::move(callback)) {
    for (const int number : numbers) set.add(number);
  }

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

StopSignals::StopSignals(Worker& worker, std::initializer_list<int> numbers, std::function<void(int)> on_signal)
    : impl_(std::make_shared<Impl>(worker, numbers, std::move(on_signal))) {
  impl_->wait();
}

StopSignals::StopSignals(Worker& worker, std::function<void(int)> on_signal)
    : StopSignals(worker, {SIGTERM, SIGINT}, std::move(on_signal)) {}

StopSignals::~StopSignals() = default;

ReloadSignal::ReloadSignal(Worker& worker, std::function<void()> on_signal)
    : signals_(worker, {SIGHUP}, [on_signal = std::move(on_signal)](int) { on_signal(); }) {}

ReloadSignal::~ReloadSignal() = default;

void ignore_broken_pipes() {
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace evc
