// The context of work that no request asked for: relays, scans, timers. Not sampled, so that an idle process makes no
// traces.
#pragma once

#include <chrono>

#include "kit/telemetry/request_context.hpp"

namespace evc::messaging {

inline RequestContext background_context(std::chrono::milliseconds limit) {
  RequestContext context;
  context.deadline = std::chrono::steady_clock::now() + limit;
  context.trace = telemetry::TraceContext::root();
  context.trace.sampled = false;
  return context;
}

}  // namespace evc::messaging
