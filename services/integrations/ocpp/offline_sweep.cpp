#include "services/integrations/ocpp/offline_sweep.hpp"

#include "kit/telemetry/log.hpp"

namespace evc::integrations {
namespace {

constexpr std::chrono::milliseconds kStepLimit{5'000};
constexpr std::chrono::milliseconds kPause{1'000};

}  // namespace

// The connection id guards each step: a station that came back has another one.
Task<> sweep_offline(Worker& worker, StationMessages& messages, std::chrono::milliseconds grace) {
  Result<std::vector<store::OpenConnection>> open = std::unexpected(Error{});
  while (!open && !worker.tasks().cancelled()) {
    auto context = background_context(kStepLimit);
    open = co_await store::open_connections(context, messages.pool());
    if (!open) co_await sleep_for(worker, kPause);
  }
  if (!open || open->empty()) co_return;
  co_await sleep_for(worker, grace);
  for (const auto& left : *open) {
    if (worker.tasks().cancelled()) co_return;
    // An event comes of it, which has a trace as any other.
    auto context = background_context(kStepLimit).with_trace(telemetry::TraceContext::root());
    auto told = co_await messages.disconnected(context, left.station_id, left.connection_id, "PlatformRestarted");
    if (!told)
      EVC_LOG(kWarn, "A station could not be marked offline",
              {{telemetry::key::kStationId, left.station_id}, {telemetry::key::kErrorDetail, told.error().detail}});
  }
}

}  // namespace evc::integrations
