// evcosta-payment: holds, captures, the ledger and receipts. Needs PostgreSQL (payment), Kafka (charging.events), auth
// (tokens) and the payment provider.
#include "kit/messaging/case_routes.hpp"
#include "kit/messaging/inbox.hpp"
#include "kit/messaging/operations/service_operations.hpp"
#include "kit/messaging/outbox_route.hpp"
#include "kit/messaging/producer_client.hpp"
#include "kit/service/service.hpp"
#include "services/payment/api/increments.hpp"
#include "services/payment/api/payments.hpp"
#include "services/payment/api/preauthorisations.hpp"
#include "services/payment/api/records.hpp"
#include "services/payment/api/refunds.hpp"
#include "services/payment/api/session_money.hpp"
#include "services/payment/api/webhooks.hpp"
#include "services/payment/events/charging_events.hpp"
#include "services/payment/flow/figures.hpp"
#include "services/payment/flow/steps.hpp"

namespace evc::payment {
namespace {

struct PaymentSettings {
  std::int64_t provider_timeout_ms = 3'500;
  std::int64_t poll_ms = 100;
  std::int64_t lease_ms = 15'000;
  std::int64_t never_heard_after_ms = 15'000;
  std::int64_t longest_pause_ms = 30'000;
  std::int64_t parallel = 16;

  void check(SettingLimits& limits) const {
    limits.range<std::int64_t>("provider_timeout_ms", provider_timeout_ms, 100, 30'000);
    limits.range<std::int64_t>("poll_ms", poll_ms, 10, 10'000);
    limits.range<std::int64_t>("lease_ms", lease_ms, 5'000, 300'000);
    limits.range<std::int64_t>("never_heard_after_ms", never_heard_after_ms, 1'000, 600'000);
    limits.range<std::int64_t>("longest_pause_ms", longest_pause_ms, 100, 600'000);
    limits.range<std::int64_t>("parallel", parallel, 1, 64);
  }
};
BOOST_DESCRIBE_STRUCT(PaymentSettings, (),
                      (provider_timeout_ms, poll_ms, lease_ms, never_heard_after_ms, longest_pause_ms, parallel))

StepOptions step_options(const PaymentSettings& settings) {
  return {.poll = std::chrono::milliseconds{settings.poll_ms},
          .lease = std::chrono::milliseconds{settings.lease_ms},
          .never_heard_after = std::chrono::milliseconds{settings.never_heard_after_ms},
          .longest_pause = std::chrono::milliseconds{settings.longest_pause_ms},
          .parallel = static_cast<std::size_t>(settings.parallel)};
}

messaging::InboxOptions inbox_options(service::WorkerScope& scope) {
  messaging::InboxOptions options;
  options.consumer = {
      .connect = scope.kafka(), .group = "payment", .instance_id = scope.instance(), .topics = {"charging.events"}};
  options.ask = messaging::ask_over_http(
      {{"charging", scope.peer("charging")}},
      [tokens = scope.service_tokens()](RequestContext& context) { return tokens->token(context); });
  return options;
}

Task<Result<void>> inbox_health(const messaging::Inbox& inbox) {
  co_return inbox.health();
}

Task<> leave_group(messaging::Inbox& inbox) {
  co_await inbox.close();
}

void wire(service::WorkerScope& scope) {
  const auto settings = scope.settings<PaymentSettings>("payment");
  postgres::Pool& pool = scope.postgres();
  auto& outbox = scope.own<messaging::Outbox>("/services/payment");
  auto& keys = scope.own<messaging::IdempotencyStore>(pool);
  auto& recorder = scope.own<Recorder>(outbox);
  auto& provider = scope.own<ProviderClient>(scope.peer("payment-provider"), scope.secret("payment-provider-api-key"),
                                             std::chrono::milliseconds{settings.provider_timeout_ms});
  auto& steps = scope.own<Steps>(scope.worker(), pool, provider, recorder, step_options(settings));
  scope.own<Preauthorisations>(pool, keys, provider, recorder, steps).add_routes(scope.router());
  scope.own<Increments>(pool, keys, provider, recorder).add_routes(scope.router());
  scope.own<Refunds>(pool, keys, recorder).add_routes(scope.router());
  scope.own<Payments>(pool).add_routes(scope.router());
  scope.own<SessionMoney>(pool).add_routes(scope.router());
  scope.own<PersonRecords>(pool).add_routes(scope.router());
  scope.own<ProviderWebhooks>(pool, recorder, scope.secret("payment-provider-webhook")).add_routes(scope.router());
  auto& charging = scope.own<ChargingEvents>(recorder);
  auto& inbox = scope.own<messaging::Inbox>(scope.worker(), pool, outbox, inbox_options(scope), charging.handlers());
  messaging::add_event_operations(scope.router(), "payment", inbox, keys, pool);
  messaging::add_outbox_operation(scope.router(), "payment", pool);
  messaging::add_case_operations(scope.router(), "payment", keys, pool);
  if (!scope.first()) return;
  // Shown, not required: without Kafka requests are served all the same and events wait.
  scope.readiness("inbox", [&inbox](RequestContext&) { return inbox_health(inbox); }, service::Dependency::kOptional);
  scope.on_drain([&inbox] { return leave_group(inbox); });
  TaskGroup& tasks = scope.worker().tasks();
  tasks.spawn("inbox", inbox.run());
  tasks.spawn("payment steps", steps.run());
  tasks.spawn("payment figures", publish_figures(scope.worker(), pool));
  tasks.spawn("expired keys", messaging::delete_expired_keys(scope.worker(), keys));
}

}  // namespace
}  // namespace evc::payment

int main(int argc, char** argv) {
  return evc::service::run(
      argc, argv,
      {.name = "payment",
       .migrations = {"kit/messaging/migrations", "services/payment/migrations"},
       .needs = evc::service::kPostgres | evc::service::kKafka | evc::service::kAuth | evc::service::kSchemas,
       .sections = {"payment"},
       .wire = evc::payment::wire});
}
