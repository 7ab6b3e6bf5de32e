// The relay as it is shipped: the service's own database and role, the relay's role, the service's certificate on the
// broker.
#include <gtest/gtest.h>

#include <cstdlib>

#include "kit/kafka/admin.hpp"
#include "kit/kafka/testing/broker.hpp"
#include "kit/messaging/outbox.hpp"
#include "kit/postgres/migrations.hpp"
#include "kit/service/dependencies.hpp"
#include "kit/testing/run_task.hpp"
#include "services/relay/settings.hpp"

namespace evc::relay {
namespace {

using namespace std::chrono_literals;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

service::CommonSettings common(const std::string& certificate) {
  service::CommonSettings settings;
  settings.service = {.name = certificate, .instance = certificate + "-1"};
  settings.tls.dir = environment("EVC_TEST_TLS_DIR");
  settings.postgres = {
      .host = "localhost", .port = std::stoi(environment("EVC_TEST_POSTGRES_PORT")), .user = certificate};
  settings.kafka.bootstrap = environment("EVC_TEST_KAFKA");
  return settings;
}

Task<Result<void>> append(postgres::Pool& pool) {
  RequestContext context{.deadline = std::chrono::steady_clock::now() + 5s, .trace = telemetry::TraceContext::root()};
  messaging::Outbox outbox("/services/integrations");
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_CHECK(co_await outbox.append(context, transaction,
                                      {.topic = "integration.events", .key = "station-1", .type = "ExternalUpdate"}));
  auto committed = co_await transaction.commit(context);
  co_return committed;
}

TEST(RelayAsShipped, ItsRightsAreEnough) {
  if (environment("EVC_TEST_KAFKA").empty()) GTEST_SKIP() << "run it under tools/testenv";
  kafka::Admin admin(kafka::testing::connect_as("platform-admin"));
  ASSERT_TRUE(admin.create_topics({{"integration.events", 6, 1, {}}}));
  ASSERT_TRUE(admin.add_access(
      {{.principal = "User:integrations", .operation = "WRITE", .resource = "TOPIC", .name = "integration.events"}}));
  const auto service_conninfo = service::postgres_conninfo(common("integrations"), "integrations");
  postgres::migrate(service_conninfo, "kit/messaging/migrations");

  Worker worker;
  postgres::Pool service_pool(worker, {.conninfo = service_conninfo, .size = 1});
  const auto appended = evc::testing::run_task(worker, append(service_pool));
  ASSERT_TRUE(appended) << appended.error().detail;

  const auto settings = common("relay-integrations");
  auto options = relay_options(settings, {.heartbeat_ms = 100}, "integrations");
  options.pause_cap = 200ms;  // a new access rule takes effect a moment after the broker's answer
  postgres::Pool pool(worker, {.conninfo = relay_conninfo(settings, "integrations"), .size = 2});
  messaging::Relay relay(worker, pool, std::move(options));
  TaskGroup tasks(worker.io());
  tasks.spawn("relay", relay.run());
  const bool following = evc::testing::run_until(worker, [&] { return relay.health().has_value(); });
  EXPECT_TRUE(following) << relay.health().error().detail;
  // The heartbeat, the safe point and the partitions are the relay's own writing.
  postgres::Pool& state = service_pool;
  const auto moved = [&]() -> bool {
    RequestContext context{.deadline = std::chrono::steady_clock::now() + 5s};
    auto rows = evc::testing::run_task(
        worker, state.exec(context, {"test.safe_point",
                                     "SELECT count(*) FROM relay_state WHERE safe_created_at > '2020-01-01'"}));
    return rows && rows->get<std::int64_t>(0, 0) == 1;
  };
  const auto deadline = std::chrono::steady_clock::now() + 15s;
  bool safe = false;
  while (!(safe = moved()) && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_TRUE(safe);
  tasks.cancel();
  EXPECT_TRUE(evc::testing::run_task(worker, tasks.drain(std::chrono::steady_clock::now() + 5s)));
}

TEST(RelayAsShipped, AServiceWithoutATopicIsRefused) {
  EXPECT_THROW(relay_options({}, {}, "routing"), std::runtime_error);
}

TEST(RelayAsShipped, ItWritesTheTopicAndTheDeadLettersOfItsService) {
  const auto settings = common("relay-charging");
  const auto options = relay_options(settings, {}, "charging");
  EXPECT_EQ(options.slot, "charging_outbox");
  EXPECT_EQ(options.producer.connect.client_id, "relay-charging");
  EXPECT_EQ(options.producer.linger, 1ms);
  EXPECT_EQ(relay_options(settings, {}, "payment").producer.linger, 0ms);
  EXPECT_EQ(options.producer.batch_bytes, 262'144u);
  EXPECT_EQ(options.producer.delivery_timeout, 10s);
  EXPECT_EQ(options.producer.topics, (std::vector<std::string>{"charging.events", "payment.events.charging.dlq",
                                                               "integration.events.charging.dlq"}));
}

}  // namespace
}  // namespace evc::relay
