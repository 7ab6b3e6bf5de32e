// Process signals as calls on a worker. One StopSignals per process; while it lives, SIGTERM and SIGINT no longer end
// the process by themselves. The callback runs on the worker's thread, each time a signal arrives: a second one may
// mean "at once".
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "kit/runtime/worker.hpp"

namespace evc {

class StopSignals {
 public:
  // Begins to listen at once; `on_signal` gets the signal's number.
  StopSignals(Worker& worker, std::function<void(int)> on_signal);
  ~StopSignals();

 private:
  friend class ReloadSignal;
  StopSignals(Worker& worker, std::initializer_list<int> numbers, std::function<void(int)> on_signal);
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// SIGHUP as a call on a worker: look at the settings again. One per process.
class ReloadSignal {
 public:
  ReloadSignal(Worker& worker, std::function<void()> on_signal);
  ~ReloadSignal();

 private:
  StopSignals signals_;
};

// A peer that closes its end must not end the process: writes report EPIPE instead.
void ignore_broken_pipes();

}  // namespace evc
