// Work that nobody asked for just now still belongs to the trace that the driver's tap began.
#pragma once

#include "kit/telemetry/trace_context.hpp"
#include "services/charging/domain/session.hpp"

namespace evc::charging {

inline telemetry::TraceContext trace_of(const Session& session) {
  auto trace = telemetry::TraceContext::parse("00-" + session.trace_id + "-" + session.span_id + "-01");
  return trace ? *trace : telemetry::TraceContext::root();
}

}  // namespace evc::charging
