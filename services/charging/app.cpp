// evcosta-charging: stations, sessions and the saga on one worker. Needs PostgreSQL (charging), Kafka (payment.events,
// integration.events), Redis (nudges) and auth (tokens).
#include "kit/messaging/case_routes.hpp"
#include "kit/messaging/inbox.hpp"
#include "kit/messaging/operations/service_operations.hpp"
#include "kit/messaging/outbox_route.hpp"
#include "kit/messaging/producer_client.hpp"
#include "kit/service/service.hpp"
#include "services/charging/api/routes.hpp"
#include "services/charging/events/deadlines.hpp"
#include "services/charging/events/facts.hpp"
#include "services/charging/events/hearing.hpp"
#include "services/charging/events/increments.hpp"
#include "services/charging/events/station_nudge.hpp"
#include "services/charging/store/sites.hpp"
#include "services/charging/store/stations.hpp"

namespace evc::charging {
namespace {

struct ChargingSettings {
  std::string sites_file;
  std::int64_t hold_wh = 60'000;
  std::int64_t increment_wh = 20'000;
  std::int64_t increment_percent = 80;

  void check(SettingLimits& limits) const {
    limits.range<std::int64_t>("hold_wh", hold_wh, 1'000, 500'000);
    limits.range<std::int64_t>("increment_wh", increment_wh, 1'000, 500'000);
    limits.range<std::int64_t>("increment_percent", increment_percent, 10, 95);
  }
};
BOOST_DESCRIBE_STRUCT(ChargingSettings, (), (sites_file, hold_wh, increment_wh, increment_percent))

messaging::InboxOptions inbox_options(service::WorkerScope& scope) {
  messaging::InboxOptions options;
  options.consumer = {.connect = scope.kafka(),
                      .group = "charging",
                      .instance_id = scope.instance(),
                      .topics = {"payment.events", "integration.events"}};
  options.ask = messaging::ask_over_http(
      {{"payment", scope.peer("payment")}, {"integrations", scope.peer("integrations")}},
      [tokens = scope.service_tokens()](RequestContext& context) { return tokens->token(context); });
  return options;
}

// The shipped sites become stations once the database answers; until then there is nothing to serve.
struct Sites {
  std::vector<Station> stations;
  bool stored = false;
};

Task<> store_sites(Worker& worker, postgres::Pool& pool, Sites& sites) {
  while (!sites.stored && !worker.tasks().cancelled()) {
    RequestContext context = background_context(std::chrono::seconds(60));
    sites.stored = (co_await upsert_sites(context, pool, sites.stations)).has_value();
    if (!sites.stored) co_await sleep_for(worker, std::chrono::milliseconds(500));
  }
  sites.stations.clear();
}

Task<Result<void>> sites_ready(const Sites& sites) {
  if (sites.stored) co_return Result<void>{};
  co_return fail(Code::kServiceUnavailable, "the charging sites are not stored yet");
}

Task<Result<void>> inbox_health(const messaging::Inbox& inbox) {
  co_return inbox.health();
}

Task<> leave_group(messaging::Inbox& inbox) {
  co_await inbox.close();
}

void wire(service::WorkerScope& scope) {
  postgres::Pool& pool = scope.postgres();
  auto& outbox = scope.own<messaging::Outbox>("/services/charging");
  auto& idempotency = scope.own<messaging::IdempotencyStore>(pool);
  auto& payment = scope.own<PaymentClient>(scope.peer("payment"), scope.service_tokens());
  auto& vehicles = scope.own<VehicleClient>(scope.peer("user"), scope.service_tokens());
  auto& nudges = scope.own<Nudges>(scope.worker());
  const auto settings = scope.settings<ChargingSettings>("charging");
  auto& api = scope.own<Api>(Api{.worker = scope.worker(),
                                 .pool = pool,
                                 .outbox = outbox,
                                 .idempotency = idempotency,
                                 .payment = payment,
                                 .nudges = nudges,
                                 .vehicles = vehicles,
                                 .hold_rules = {.hold_wh = settings.hold_wh,
                                                .increment_wh = settings.increment_wh,
                                                .increment_percent = settings.increment_percent}});
  add_routes(scope.router(), api);
  auto& facts = scope.own<Facts>(outbox, nudges);
  auto& inbox = scope.own<messaging::Inbox>(scope.worker(), pool, outbox, inbox_options(scope), facts.handlers());
  messaging::add_event_operations(scope.router(), "charging", inbox, idempotency, pool);
  messaging::add_outbox_operation(scope.router(), "charging", pool);
  messaging::add_case_operations(scope.router(), "charging", idempotency, pool);
  if (!scope.first()) return;
  auto& sites = scope.own<Sites>(Sites{.stations = load_sites(settings.sites_file)});
  scope.readiness("charging sites", [&sites](RequestContext&) { return sites_ready(sites); });
  // Shown, not required: without Kafka requests are served all the same and events wait.
  scope.readiness("inbox", [&inbox](RequestContext&) { return inbox_health(inbox); }, service::Dependency::kOptional);
  scope.on_drain([&inbox] { return leave_group(inbox); });
  TaskGroup& tasks = scope.worker().tasks();
  tasks.spawn("charging sites", store_sites(scope.worker(), pool, sites));
  tasks.spawn("inbox", inbox.run());
  tasks.spawn("expired keys", messaging::delete_expired_keys(scope.worker(), idempotency));
  auto& hearing = scope.own<Hearing>();
  tasks.spawn("hearing", listen(scope.worker(), inbox, hearing));
  tasks.spawn("deadlines", watch_deadlines(scope.worker(), pool, outbox, payment, nudges, hearing));
  tasks.spawn("increments", ask_for_increments(scope.worker(), pool, outbox, payment, nudges));
  tasks.spawn("station nudge", announce_station_changes(scope.worker(), scope.redis(), nudges));
}

}  // namespace
}  // namespace evc::charging

int main(int argc, char** argv) {
  return evc::service::run(argc, argv,
                           {.name = "charging",
                            .migrations = {"kit/messaging/migrations", "services/charging/migrations"},
                            .needs = evc::service::kPostgres | evc::service::kRedis | evc::service::kKafka |
                                     evc::service::kAuth | evc::service::kSchemas,
                            .sections = {"charging"},
                            .wire = evc::charging::wire});
}
