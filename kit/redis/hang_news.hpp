// The clients of one process at one Redis, each on a worker of its own: when Redis hangs, one of them waits its
// time-out and tells the others, who then answer at once instead of waiting for themselves. One per process, in the
// Options of all its clients. Thread-safe; `told` runs on the member's worker.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "kit/base/clock.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::redis {

class HangNews {
 public:
  using Told = std::function<void(SteadyTime noticed)>;
  // Until leave(), which comes before the end of `worker`; a word already on its way may still arrive after it.
  std::uint64_t join(Worker& worker, Told told);
  void leave(std::uint64_t member);
  void tell(SteadyTime noticed);

 private:
  struct Member {
    Worker* worker;
    Told told;
  };
  std::mutex mutex_;
  std::uint64_t last_member_ = 0;
  std::map<std::uint64_t, Member> members_;
};

}  // namespace evc::redis
