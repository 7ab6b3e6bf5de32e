#include "kit/telemetry/request_context.hpp"

#include <algorithm>

namespace evc {

bool Principal::has_scope(std::string_view scope) const {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

std::chrono::milliseconds RequestContext::remaining() const {
  if (deadline == SteadyTime::max()) return std::chrono::milliseconds::max();
  const auto left = std::chrono::floor<std::chrono::milliseconds>(deadline - clock->steady());
  return std::max(left, std::chrono::milliseconds(0));
}

RequestContext RequestContext::with_trace(const telemetry::TraceContext& child) const {
  RequestContext copy = *this;
  copy.trace = child;
  return copy;
}

RequestContext RequestContext::with_timeout(std::chrono::milliseconds limit) const {
  RequestContext copy = *this;
  copy.deadline = std::min(deadline, clock->steady() + limit);
  return copy;
}

RequestContext background_context(std::chrono::milliseconds limit, const Clock& clock) {
  RequestContext context{.deadline = clock.steady() + limit, .trace = telemetry::TraceContext::root(), .clock = &clock};
  context.trace.sampled = false;
  return context;
}

}  // namespace evc
