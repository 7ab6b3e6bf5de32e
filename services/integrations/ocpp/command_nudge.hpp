// "A command was written": set by whoever writes one, on any worker, and taken by the dispatcher. Only a hint, the
// dispatcher polls as well. One per process, shared by its workers.
#pragma once

#include <atomic>

namespace evc::integrations {

class CommandNudge {
 public:
  void ring() { is_set_.store(true, std::memory_order_relaxed); }
  bool take() { return is_set_.exchange(false, std::memory_order_relaxed); }

 private:
  std::atomic<bool> is_set_{false};
};

}  // namespace evc::integrations
