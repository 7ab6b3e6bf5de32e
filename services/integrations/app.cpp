// evcosta-integrations: the charge points' port, the commands to them, and signed updates of providers. Needs
// PostgreSQL (integrations), Kafka (charging.events) and auth (operators' tokens).
#include <set>
#include <sstream>

#include "kit/messaging/case_routes.hpp"
#include "kit/messaging/inbox.hpp"
#include "kit/messaging/operations/service_operations.hpp"
#include "kit/messaging/outbox_route.hpp"
#include "kit/messaging/producer_client.hpp"
#include "kit/service/dependencies.hpp"
#include "kit/service/service.hpp"
#include "kit/telemetry/metrics.hpp"
#include "services/integrations/api/provider_updates.hpp"
#include "services/integrations/api/station_commands.hpp"
#include "services/integrations/events/charging_events.hpp"
#include "services/integrations/ocpp/command_dispatcher.hpp"
#include "services/integrations/ocpp/ocpp_endpoint.hpp"
#include "services/integrations/ocpp/offline_sweep.hpp"
#include "services/integrations/ocpp/station_figures.hpp"
#include "services/integrations/ocpp/station_provisioning.hpp"

namespace evc::integrations {
namespace {

using std::chrono::milliseconds;

struct StationsSection {
  std::string sites_file;
  std::int64_t load_fleet = 0;
  std::int64_t ping_interval_ms = 30'000;
  std::int64_t call_timeout_ms = 30'000;
  std::int64_t heartbeat_interval_s = 60;
  std::int64_t meter_event_interval_ms = 5'000;
  std::int64_t boot_wait_ms = 2'000;
  std::int64_t database_patience_ms = 20'000;
  std::int64_t command_poll_ms = 250;
  std::int64_t offline_grace_ms = 5'000;
  std::int64_t reconnect_grace_ms = 60'000;

  void check(SettingLimits& limits) const {
    limits.range<std::int64_t>("load_fleet", load_fleet, 0, 50'000);
    limits.range<std::int64_t>("ping_interval_ms", ping_interval_ms, 1'000, 300'000);
    limits.range<std::int64_t>("call_timeout_ms", call_timeout_ms, 1'000, 120'000);
    limits.range<std::int64_t>("heartbeat_interval_s", heartbeat_interval_s, 5, 3'600);
    limits.range<std::int64_t>("meter_event_interval_ms", meter_event_interval_ms, 0, 60'000);
    limits.range<std::int64_t>("boot_wait_ms", boot_wait_ms, 0, 60'000);
    limits.range<std::int64_t>("database_patience_ms", database_patience_ms, 1'000, 120'000);
    limits.range<std::int64_t>("command_poll_ms", command_poll_ms, 10, 10'000);
    limits.range<std::int64_t>("offline_grace_ms", offline_grace_ms, 0, 30'000);
    limits.range<std::int64_t>("reconnect_grace_ms", reconnect_grace_ms, 0, 600'000);
  }
};
BOOST_DESCRIBE_STRUCT(StationsSection, (),
                      (sites_file, load_fleet, ping_interval_ms, call_timeout_ms, heartbeat_interval_s,
                       meter_event_interval_ms, boot_wait_ms, database_patience_ms, command_poll_ms, offline_grace_ms,
                       reconnect_grace_ms))

struct WebhooksSection {
  std::string providers;  // names separated by commas
};
BOOST_DESCRIBE_STRUCT(WebhooksSection, (), (providers))

// What the workers share.
struct Process {
  StationDirectory directory;
  CommandNudge nudge;
};

std::set<std::string> provider_names(const std::string& text) {
  std::set<std::string> names;
  std::istringstream list(text);
  for (std::string name; std::getline(list, name, ',');) {
    if (!is_provider_name(name)) throw std::runtime_error("webhooks.providers: not a provider's name: " + name);
    names.insert(name);
  }
  return names;
}

messaging::InboxOptions inbox_options(service::WorkerScope& scope) {
  messaging::InboxOptions options;
  options.consumer = {.connect = scope.kafka(),
                      .group = "integrations",
                      .instance_id = scope.instance(),
                      .topics = {"charging.events"}};
  options.ask = messaging::ask_over_http(
      {{"charging", scope.peer("charging")}},
      [tokens = scope.service_tokens()](RequestContext& context) { return tokens->token(context); });
  return options;
}

// Facts and commands have connections of their own: a storm of meter values must not delay the start of a charge.
postgres::PoolOptions command_pool(const service::WorkerScope& scope) {
  const auto& common = scope.all_settings().common;
  return {.conninfo = service::postgres_conninfo(common, common.postgres.database),
          .identity = scope.identity(),
          .size = 4,
          .application_name = scope.instance() + " commands"};
}

Task<Result<void>> inbox_health(const messaging::Inbox& inbox) {
  co_return inbox.health();
}

Task<> leave_group(messaging::Inbox& inbox) {
  co_await inbox.close();
}

// The part that exists once per process.
void wire_first(service::WorkerScope& scope, Process& process, const StationsSection& settings, postgres::Pool& pool,
                messaging::Outbox& outbox, messaging::Inbox& inbox, messaging::IdempotencyStore& keys,
                StationMessages& messages) {
  auto& provisioning = scope.own<StationProvisioning>(
      settings.sites_file, static_cast<std::size_t>(settings.load_fleet), scope.secret("charge-points"));
  const DispatchSettings dispatch{.poll_interval = milliseconds(settings.command_poll_ms),
                                  .offline_grace = milliseconds(settings.offline_grace_ms)};
  auto& dispatcher =
      scope.own<CommandDispatcher>(scope.worker(), pool, outbox, process.directory, process.nudge, dispatch);
  scope.readiness("stations", [&provisioning](RequestContext&) { return provisioning.ready(); });
  // Shown, not required: without Kafka requests are served all the same and events wait.
  scope.readiness("inbox", [&inbox](RequestContext&) { return inbox_health(inbox); }, service::Dependency::kOptional);
  scope.on_drain([&inbox] { return leave_group(inbox); });
  telemetry::metrics().gauge_callback("ocpp_connections", "Charge points that are connected", {},
                                      [&process] { return static_cast<double>(process.directory.size()); });
  TaskGroup& tasks = scope.worker().tasks();
  tasks.spawn("provisioning", provisioning.run(scope.worker(), scope.postgres()));
  tasks.spawn("inbox", inbox.run());
  tasks.spawn("commands", dispatcher.run());
  tasks.spawn("expired keys", messaging::delete_expired_keys(scope.worker(), keys));
  tasks.spawn("station figures", publish_station_figures(scope.worker(), pool));
  tasks.spawn("offline sweep", sweep_offline(scope.worker(), messages, milliseconds(settings.reconnect_grace_ms)));
}

void wire(service::WorkerScope& scope, Process& process) {
  const auto settings = scope.settings<StationsSection>("stations");
  const auto webhooks = scope.settings<WebhooksSection>("webhooks");
  postgres::Pool& pool = scope.postgres();
  auto& outbox = scope.own<messaging::Outbox>("/services/integrations");
  auto& idempotency = scope.own<messaging::IdempotencyStore>(pool);
  auto& messages = scope.own<StationMessages>(pool, outbox, settings.heartbeat_interval_s);
  const ConnectionLimits limits{.call_timeout = milliseconds(settings.call_timeout_ms),
                                .meter_event_interval = milliseconds(settings.meter_event_interval_ms),
                                .boot_wait = milliseconds(settings.boot_wait_ms),
                                .database_patience = milliseconds(settings.database_patience_ms)};
  auto& endpoint = scope.own<OcppEndpoint>(scope.worker(), process.directory, messages, limits);
  endpoint.add_to(scope.router("ocpp"), {.ping_interval = milliseconds(settings.ping_interval_ms)});

  const auto ring = [&process] { process.nudge.ring(); };
  scope.own<ProviderUpdates>(pool, outbox, scope.secret("integrations-webhook"), provider_names(webhooks.providers))
      .add_to(scope.router());
  scope.own<StationCommands>(pool, ring).add_to(scope.router());
  auto& events = scope.own<ChargingEvents>(ring);
  auto& commands = scope.own<postgres::Pool>(scope.worker(), command_pool(scope));
  auto& inbox = scope.own<messaging::Inbox>(scope.worker(), commands, outbox, inbox_options(scope), events.handlers());
  messaging::add_event_operations(scope.router(), "integrations", inbox, idempotency, pool);
  messaging::add_outbox_operation(scope.router(), "integrations", pool);
  messaging::add_case_operations(scope.router(), "integrations", idempotency, pool);
  if (scope.first()) wire_first(scope, process, settings, commands, outbox, inbox, idempotency, messages);
}

}  // namespace
}  // namespace evc::integrations

int main(int argc, char** argv) {
  evc::integrations::Process process;
  return evc::service::run(
      argc, argv,
      {.name = "integrations",
       .migrations = {"kit/messaging/migrations", "services/integrations/migrations"},
       .needs = evc::service::kPostgres | evc::service::kKafka | evc::service::kAuth | evc::service::kSchemas,
       .sections = {"stations", "webhooks"},
       .wire = [&process](evc::service::WorkerScope& scope) { evc::integrations::wire(scope, process); },
       .further_listeners = {{.section = "ocpp", .client_certificate = evc::net::ClientCertificate::kNone}}});
}
