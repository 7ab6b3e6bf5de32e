#include "services/integrations/ocpp/station_figures.hpp"

#include <map>
#include <string>

#include "kit/telemetry/metrics.hpp"
#include "services/integrations/store/station_store.hpp"

namespace evc::integrations {
namespace {

constexpr std::chrono::milliseconds kInterval{10'000};

telemetry::Gauge stations_gauge(const std::string& state) {
  return telemetry::metrics().gauge("ocpp_stations", "Charge points by what is known of their connection",
                                    {{"state", state}});
}

}  // namespace

Task<> publish_station_figures(Worker& worker, postgres::Pool& pool) {
  telemetry::Gauge connected = stations_gauge("connected");
  telemetry::Gauge offline = stations_gauge("offline");
  telemetry::Gauge never = stations_gauge("neverSeen");
  std::map<std::string, telemetry::Gauge> by_status;
  while (!worker.tasks().cancelled()) {
    RequestContext context = background_context(kInterval);
    auto figures = co_await store::station_figures(context, pool);
    if (figures) {
      connected.set(static_cast<double>(figures->connected));
      offline.set(static_cast<double>(figures->offline));
      never.set(static_cast<double>(figures->never));
      for (auto& [status, gauge] : by_status) gauge.set(0);
      for (const auto& [status, count] : figures->connectors_by_status) {
        auto gauge = by_status.try_emplace(
            status, telemetry::metrics().gauge("ocpp_connectors", "Connectors by what was last said of them",
                                               {{"status", status}}));
        gauge.first->second.set(static_cast<double>(count));
      }
    }
    co_await sleep_for(worker, kInterval);
  }
}

}  // namespace evc::integrations
