// What every request, event and background step carries as its first parameter: how long it may take, which trace it
// belongs to, who asked. One per request, on the stack of the coroutine that serves it; callees get it by reference and
// may not keep it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/telemetry/trace_context.hpp"

namespace evc {

struct Principal {
  enum class Kind { kAnonymous, kDriver, kOperator, kService };
  Kind kind = Kind::kAnonymous;
  std::string subject;     // `sub`: random internal id; stays inside auth and user, never stored elsewhere
  std::string puid;        // `puid`: the pseudonym that every other service stores
  std::string session_id;  // `sid`
  std::string client_id;
  std::string role;  // operators: viewer, operator, finance, admin
  std::vector<std::string> scopes;
  bool has_scope(std::string_view scope) const;
};

struct RequestContext {
  SteadyTime deadline = SteadyTime::max();
  telemetry::TraceContext trace;
  Principal principal;
  const Clock* clock = &system_clock();

  std::chrono::milliseconds remaining() const;  // never negative
  bool expired() const { return remaining().count() <= 0; }
  // The same request under another span (for calling out) or a nearer deadline.
  RequestContext with_trace(const telemetry::TraceContext& child) const;
  RequestContext with_timeout(std::chrono::milliseconds limit) const;  // the nearer of both
};

// Of work that no request asked for: polls, scans, timers. Its trace is not kept, so that an idle process makes none.
RequestContext background_context(std::chrono::milliseconds limit, const Clock& clock = system_clock());

}  // namespace evc
