// Facts on the real PostgreSQL: what an event does to a session, its timeline, its cases and the outbox.
#include "services/charging/events/facts.hpp"

#include <gtest/gtest.h>

#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"
#include "services/charging/process/record.hpp"
#include "services/charging/store/sessions.hpp"
#include "services/charging/store/stations.hpp"

namespace evc::charging {
namespace {

using namespace std::chrono_literals;

Station site() {
  return {.id = "BR-SP-0001",
          .name = "Posto Paraty",
          .network = "Litoral",
          .lat = -23.2,
          .lon = -44.7,
          .tariff = {.currency = Currency::brl(), .per_kwh_minor = 200, .start_fee_minor = 300},
          .connectors = {{.id = 1, .type = "CCS2", .max_power_w = 60'000},
                         {.id = 2, .type = "Type2", .max_power_w = 22'000}}};
}

class FactsTest : public ::testing::Test {
 protected:
  FactsTest() {
    database_.migrate("kit/messaging/migrations");
    database_.migrate("services/charging/migrations");
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 4});
    context_.deadline = context_.clock->steady() + 60s;
    context_.trace = telemetry::TraceContext::root();
    EXPECT_TRUE(run(upsert_sites(context_, *pool_, {site()})));
  }
  ~FactsTest() override {
    pool_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task));
  }

  Task<Result<Session>> requested(std::int64_t energy_limit_wh = 60'000) {
    const StationFacts facts{.id = "BR-SP-0001",
                             .name = "Posto Paraty",
                             .connector_id = 1,
                             .connector_type = "CCS2",
                             .connector_max_power_w = 60'000,
                             .tariff = site().tariff};
    EVC_CO_TRY(outcome,
               request_session({.puid = "p1.x", .energy_limit_wh = energy_limit_wh}, facts, uuid_v7(),
                               {context_.trace.trace_id_hex(), context_.trace.span_id_hex()}, context_.clock->wall()));
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(
        co_await insert_session(context_, transaction, outcome.session, json::Object{{"type", "simulated-pix"}}));
    EVC_CO_CHECK(insert_timeline(transaction, outcome.session.id, 1, outcome.timeline.front()));
    EVC_CO_CHECK(co_await publish(context_, transaction, outbox_, outcome, std::nullopt));
    EVC_CO_CHECK(co_await transaction.commit(context_));
    co_return outcome.session;
  }

  Task<Result<void>> apply(std::string type, json::Object data) {
    const messaging::Event event{
        .event_id = uuid_v7(), .event_type = type, .occurred_at = context_.clock->wall(), .data = std::move(data)};
    auto handlers = facts_.handlers();
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await handlers.at(type)(context_, transaction, event));
    co_return co_await transaction.commit(context_);
  }
  Result<void> external(std::string kind, const Session& session, json::Object more) {
    json::Object data{{"kind", kind},
                      {"provider", "ocpp"},
                      {"stationId", session.station_id},
                      {"connectorId", session.connector_id},
                      {"sessionId", to_string(session.id)},
                      {"timestamp", format_rfc3339(context_.clock->wall())}};
    for (const auto& member : more) data[member.key()] = member.value();
    return run(apply("ExternalUpdate", std::move(data)));
  }
  Result<void> payment(std::string type, const Session& session, json::Object more) {
    json::Object data{{"sessionId", to_string(session.id)}, {"reference", session.reference}};
    for (const auto& member : more) data[member.key()] = member.value();
    return run(apply(std::move(type), std::move(data)));
  }
  std::string state(const Session& session) {
    return database_.value("SELECT state FROM session WHERE id = '" + to_string(session.id) + "'");
  }
  std::string said() {
    return database_.value(
        "SELECT string_agg(convert_from(payload, 'UTF8')::json ->> 'eventType', ',' ORDER BY pos) FROM outbox");
  }
  json::Object brl(std::int64_t amount) { return {{"amount", amount}, {"currency", "BRL"}}; }

  postgres::testing::TestDatabase database_;
  Worker worker_;
  std::optional<postgres::Pool> pool_;
  messaging::Outbox outbox_{"/services/charging"};
  Nudges nudges_{worker_};
  Facts facts_{outbox_, nudges_};
  RequestContext context_;
};

TEST_F(FactsTest, AWholeChargeLeavesItsTimelineAndItsEvents) {
  const Session session = run(requested()).value();
  ASSERT_TRUE(payment("PaymentAuthorized", session, {{"held", brl(12'300)}}));
  ASSERT_TRUE(external("transactionStarted", session, {{"transactionId", "1001"}, {"meterWh", 5'000}}));
  ASSERT_TRUE(external("meterValues", session, {{"transactionId", "1001"}, {"meterWh", 15'000}, {"powerW", 50'000}}));
  ASSERT_TRUE(
      external("transactionEnded", session,
               {{"transactionId", "1001"}, {"meterWh", 17'500}, {"meterStartWh", 5'000}, {"reason", "vehicle"}}));
  EXPECT_EQ(state(session), "ENDED");
  ASSERT_TRUE(payment("PaymentCaptured", session, {{"captured", brl(2'800)}, {"receivable", brl(0)}}));
  EXPECT_EQ(state(session), "CAPTURED");
  EXPECT_EQ(said(),
            "ChargingSessionRequested,ChargingSessionAuthorized,ChargingSessionStarted,ChargingSessionUpdated,"
            "ChargingSessionEnded");
  EXPECT_EQ(database_.value("SELECT string_agg(state, ',' ORDER BY version) FROM session_timeline"),
            "REQUESTED,AUTHORISED,STARTED,CHARGING,ENDED,CAPTURED");
  EXPECT_EQ(database_.value("SELECT count(*) FROM reconciliation_case"), "0");
}

TEST_F(FactsTest, ABilledSessionWhoseHoldIsGoneWaitsForWhatIsOwed) {
  const Session session = run(requested()).value();
  ASSERT_TRUE(payment("PaymentAuthorized", session, {{"held", brl(12'300)}}));
  ASSERT_TRUE(external("transactionStarted", session, {{"transactionId", "1001"}, {"meterWh", 5'000}}));
  ASSERT_TRUE(
      external("transactionEnded", session, {{"transactionId", "1001"}, {"meterWh", 6'000}, {"reason", "vehicle"}}));
  ASSERT_TRUE(payment("PaymentVoided", session, {{"reason", "holdExpired"}, {"released", brl(12'300)}}));
  EXPECT_EQ(state(session), "ENDED");
  EXPECT_EQ(database_.value("SELECT hold_gone FROM session"), "t");
  ASSERT_TRUE(payment("PaymentCaptured", session, {{"captured", brl(0)}, {"receivable", brl(500)}}));
  EXPECT_EQ(state(session), "RECEIVABLE");
  EXPECT_EQ(database_.value("SELECT receivable_minor FROM session"), "500");
  EXPECT_EQ(database_.value("SELECT count(*) FROM reconciliation_case"), "0");
}

TEST_F(FactsTest, ContradictionOpensOneCaseAndChangesNothing) {
  const Session session = run(requested()).value();
  ASSERT_TRUE(payment("PaymentCaptured", session, {{"captured", brl(1)}, {"receivable", brl(0)}}));
  ASSERT_TRUE(payment("PaymentCaptured", session, {{"captured", brl(1)}, {"receivable", brl(0)}}));
  EXPECT_EQ(state(session), "REQUESTED");
  EXPECT_EQ(database_.value("SELECT count(*) FROM reconciliation_case"), "1");
  EXPECT_EQ(database_.value("SELECT concat_ws(' ', kind, session_id, closed_at IS NULL) FROM operator_case"),
            "unexpectedFact " + to_string(session.id) + " t");
  database_.value("UPDATE operator_case SET closed_at = now(), outcome = 'noChange' RETURNING 1");
  EXPECT_EQ(database_.value("SELECT outcome FROM reconciliation_case WHERE closed_at IS NOT NULL"), "noChange");
}

TEST_F(FactsTest, BrokenEventsAreDeterministicFailures) {
  const Session session = run(requested()).value();
  const auto missing = external("transactionStarted", session, {{"meterWh", 1}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kSchemaInvalid);
  const auto odd = run(apply("ExternalUpdate", {{"kind", "stationRegistered"},
                                                {"stationId", "BR-SP-0001"},
                                                {"timestamp", format_rfc3339(context_.clock->wall())},
                                                {"connectors", json::Array{1}}}));
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, Code::kSchemaInvalid);
  Session unknown = session;
  unknown.id = uuid_v7();
  const auto foreign = payment("PaymentAuthorized", unknown, {});
  ASSERT_FALSE(foreign);
  EXPECT_FALSE(info(foreign.error().code).retryable);
}

TEST_F(FactsTest, AConnectorServesOneSessionAtATime) {
  ASSERT_TRUE(run(requested()));
  const auto second = run(requested());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConnectorUnavailable);
}

TEST_F(FactsTest, StationStatusMovesTheVersionAndOlderFactsAreIgnored) {
  const WallTime now = context_.clock->wall();
  const auto status = [&](std::int64_t connector, std::string text, WallTime at) {
    return run(apply("ExternalUpdate", {{"kind", "connectorStatus"},
                                        {"stationId", "BR-SP-0001"},
                                        {"connectorId", connector},
                                        {"status", text},
                                        {"timestamp", format_rfc3339(at)}}));
  };
  ASSERT_TRUE(status(1, "available", now));
  ASSERT_TRUE(status(1, "faulted", now - 60s));
  auto station = run(find_station(context_, *pool_, "BR-SP-0001")).value().value();
  EXPECT_EQ(station.status, "online");
  EXPECT_EQ(station.connectors[0].status, "available");
  EXPECT_EQ(station.connectors[1].status, "unknown");
  const std::int64_t version = station.version;
  ASSERT_TRUE(status(0, "offline", now + 1s));
  station = run(find_station(context_, *pool_, "BR-SP-0001")).value().value();
  EXPECT_GT(station.version, version);
  EXPECT_EQ(station.status, "offline");
  EXPECT_EQ(station.connectors[0].status, "offline");
  EXPECT_EQ(start_obstacle(station, 1)->code, Code::kStationOffline);
}

TEST_F(FactsTest, RegisteredStationOutsideTheShippedNetworkBecomesOne) {
  ASSERT_TRUE(run(
      apply("ExternalUpdate",
            {{"kind", "stationRegistered"},
             {"stationId", "LAB-1"},
             {"timestamp", format_rfc3339(context_.clock->wall())},
             {"protocol", "ocpp1.6"},
             {"connectors", json::Array{json::Object{{"connectorId", 1}, {"type", "CCS2"}, {"maxPowerW", 50'000}}}}})));
  const auto station = run(find_station(context_, *pool_, "LAB-1")).value();
  ASSERT_TRUE(station);
  EXPECT_EQ(station->connectors.size(), 1U);
  EXPECT_GT(station->tariff.per_kwh_minor, 0);
}

TEST_F(FactsTest, PagesAndDeadlinesFindWhatTheyShould) {
  const Session session = run(requested()).value();
  EXPECT_EQ(run(list_sessions(context_, *pool_, {.puid = "p1.x"}))->size(), 1U);
  EXPECT_EQ(run(list_sessions(context_, *pool_, {.puid = "p1.x", .state = "CAPTURED"}))->size(), 0U);
  EXPECT_EQ(
      run(list_sessions(context_, *pool_, {.puid = "p1.x", .before = session.created_at, .before_id = session.id}))
          ->size(),
      0U);
  EXPECT_EQ(run(list_sessions(context_, *pool_, {.puid = "p1.other"}))->size(), 0U);
  EXPECT_TRUE(run(overdue_sessions(context_, *pool_, context_.clock->wall(), Overdue::kAll, 10))->empty());
  const WallTime later = context_.clock->wall() + 60s;
  EXPECT_EQ(run(overdue_sessions(context_, *pool_, later, Overdue::kAll, 10))->size(), 1U);
  EXPECT_EQ(run(overdue_sessions(context_, *pool_, later, Overdue::kNotWaitingForTheStation, 10))->size(), 1U);
  EXPECT_EQ(run(count_live_sessions(context_, *pool_, context_.clock->wall()))->front().state, "REQUESTED");
  EXPECT_EQ(run(stations_in_box(context_, *pool_, {-45, -24, -44, -23}))->size(), 1U);
  EXPECT_TRUE(run(stations_in_box(context_, *pool_, {0, 0, 1, 1}))->empty());
}

TEST_F(FactsTest, WhoDoesNotHearTheStationGivesNoSessionUp) {
  const Session session = run(requested()).value();
  ASSERT_TRUE(payment("PaymentAuthorized", session, {{"held", brl(12'300)}}));
  const WallTime later = context_.clock->wall() + 60s;
  EXPECT_EQ(run(overdue_sessions(context_, *pool_, later, Overdue::kAll, 10))->size(), 1U);
  EXPECT_TRUE(run(overdue_sessions(context_, *pool_, later, Overdue::kNotWaitingForTheStation, 10))->empty());
  database_.value("UPDATE session SET state = 'CANCELLING' RETURNING 1");
  EXPECT_TRUE(run(overdue_sessions(context_, *pool_, later, Overdue::kNotWaitingForTheStation, 10))->empty());
  database_.value("UPDATE session SET state = 'VOIDING' RETURNING 1");
  EXPECT_EQ(run(overdue_sessions(context_, *pool_, later, Overdue::kNotWaitingForTheStation, 10))->size(), 1U);
}

TEST_F(FactsTest, AnIncrementIsClaimedOnceAndRaisesTheHold) {
  const Session session = run(requested(150'000)).value();
  const auto claimed = [&](WallTime now) { return run(claim_increments(context_, *pool_, now, now + 8s, 10)).value(); };
  ASSERT_TRUE(payment("PaymentAuthorized", session, {{"held", brl(12'300)}}));
  ASSERT_TRUE(external("transactionStarted", session, {{"transactionId", "1001"}, {"meterWh", 0}}));
  for (const int kwh : {20, 35}) {
    ASSERT_TRUE(external("meterValues", session, {{"transactionId", "1001"}, {"meterWh", kwh * 1'000}}));
    if (kwh == 20) EXPECT_TRUE(claimed(context_.clock->wall() + 1s).empty());
  }
  const WallTime now = context_.clock->wall() + 1s;
  const auto first = claimed(now);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].increment.number, 1);
  EXPECT_EQ(first[0].increment.amount_minor, 4'000);
  EXPECT_EQ(first[0].hold_limit_minor, 30'300);
  EXPECT_TRUE(claimed(now + 1s).empty()) << "somebody asks for it already";
  EXPECT_EQ(claimed(now + 9s).size(), 1U) << "who claimed it was lost";
  ASSERT_TRUE(payment("PaymentUnknown", session, {{"step", "increment"}, {"increment", 1}}));
  EXPECT_EQ(database_.value("SELECT increment_state FROM session"), "unknown");
  ASSERT_TRUE(payment("PaymentAuthorized", session, {{"held", brl(16'300)}, {"increment", 1}}));
  EXPECT_EQ(database_.value("SELECT concat_ws(' ', state, hold_minor, increment_state, increment_due_at IS NULL) FROM "
                            "session"),
            "CHARGING 16300 authorised t");
  EXPECT_TRUE(claimed(now + 60s).empty());
  EXPECT_EQ(database_.value("SELECT count(*) FROM reconciliation_case"), "0");
}

}  // namespace
}  // namespace evc::charging
