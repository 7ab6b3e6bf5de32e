// The numbers that the charge points' side shows: calls by action and outcome, their duration, open connections,
// commands by result. Families are made at first use and live for ever; labels are bounded (known actions, known
// results).
#pragma once

#include <chrono>
#include <string_view>

#include "kit/telemetry/trace_context.hpp"

namespace evc::integrations {

// An answered call of a station.
void observe_call(std::string_view action, std::chrono::steady_clock::duration took,
                  const telemetry::TraceContext& trace);
// A call that ended otherwise: NotImplemented, violation, failed.
void count_call(std::string_view action, std::string_view outcome);
void count_command(std::string_view command, std::string_view result);

}  // namespace evc::integrations
