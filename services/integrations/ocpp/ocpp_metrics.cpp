#include "services/integrations/ocpp/ocpp_metrics.hpp"

#include <string>

#include "kit/telemetry/metrics.hpp"

namespace evc::integrations {

void observe_call(std::string_view action, std::chrono::steady_clock::duration took,
                  const telemetry::TraceContext& trace) {
  count_call(action, "answered");
  telemetry::metrics()
      .histogram("ocpp_call_duration_seconds", "From a station's call to its answer", {{"action", std::string(action)}},
                 telemetry::latency_bounds_seconds())
      .observe(std::chrono::duration<double>(took).count(), &trace);
}

void count_call(std::string_view action, std::string_view outcome) {
  telemetry::metrics()
      .counter("ocpp_calls_total", "Calls of stations by action and outcome",
               {{"action", std::string(action)}, {"outcome", std::string(outcome)}})
      .add();
}

void count_command(std::string_view command, std::string_view result) {
  telemetry::metrics()
      .counter("ocpp_commands_total", "Commands to stations by result",
               {{"command", std::string(command)}, {"result", std::string(result)}})
      .add();
}

}  // namespace evc::integrations
