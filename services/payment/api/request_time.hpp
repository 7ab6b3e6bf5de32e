// How a request that asks the provider divides its time: the provider gets what is left but for the share that writing
// its answer down takes; the answer is written down also when the caller's time is up by then.
#pragma once

#include <chrono>

#include "kit/telemetry/request_context.hpp"

namespace evc::payment {

struct RequestTime {
  static constexpr std::chrono::milliseconds kWriteShare{400};
  static constexpr std::chrono::milliseconds kWriteTimeout{3'000};
  // The job that finds out what a crash left open starts after the request itself has given up.
  static constexpr std::chrono::milliseconds kFirstLook{5'000};

  static RequestContext for_asking(const RequestContext& context) {
    RequestContext asking = context;
    if (context.deadline != SteadyTime::max()) asking.deadline = context.deadline - kWriteShare;
    return asking;
  }
  static RequestContext for_writing(const RequestContext& context) {
    RequestContext more = context;
    more.deadline = std::chrono::steady_clock::now() + kWriteTimeout;
    return more;
  }
};

}  // namespace evc::payment
