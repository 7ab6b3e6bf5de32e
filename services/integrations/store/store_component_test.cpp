// Every statement of this folder against the real PostgreSQL, with the rules that only the database can hold: replay
// keys, one bill, one start per session.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"
#include "services/integrations/domain/session_tag.hpp"
#include "services/integrations/store/command_store.hpp"
#include "services/integrations/store/provider_update_store.hpp"
#include "services/integrations/store/session_store.hpp"
#include "services/integrations/store/station_store.hpp"
#include "services/integrations/store/transaction_store.hpp"

namespace evc::integrations::store {
namespace {

using testing::run_task;

const WallTime kAt = *parse_rfc3339("2026-11-23T17:04:05.123Z");

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { database.migrate("services/integrations/migrations"); }
  ~StoreTest() override {
    pool.close();
    worker.io().restart();
    worker.io().poll();
  }

  // In a transaction of its own, committed.
  template <class F>
  auto in_transaction(F work) {
    return run_task(worker, transact(std::move(work)));
  }
  template <class F>
  Task<typename std::invoke_result_t<F, postgres::Transaction&>::value_type> transact(F work) {
    auto transaction = co_await pool.begin(context);
    EVC_ASSERT(transaction.has_value());
    auto result = co_await work(*transaction);
    EVC_ASSERT(result.has_value());
    auto committed = co_await transaction->commit(context);
    EVC_ASSERT(committed.has_value());
    co_return result;
  }
  template <class T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error("failed: " + result.error().detail);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }
  Uuid authorise() {
    const auto id = uuid_v7();
    const SessionRow session{.session_id = id,
                             .station_id = "S1",
                             .connector_id = 1,
                             .id_tag = session_tag(id),
                             .user_id = "p1.mfzxa2lonrxw2zlsfqqho2lunb",
                             .correlation_id = uuid_v7(),
                             .event_id = uuid_v7(),
                             .trace = telemetry::TraceContext::root(),
                             .start_by = kAt};
    must(in_transaction([&](auto& transaction) { return insert_session(context, transaction, session); }));
    return id;
  }
  ocpp::StartTransaction start_of(std::string tag) const {
    return {.connector_id = 1, .id_tag = std::move(tag), .meter_start_wh = 1000, .timestamp = kAt};
  }
  StartRow start(const ocpp::StartTransaction& message, std::optional<Uuid> session = std::nullopt) {
    return must(in_transaction(
        [&](auto& transaction) { return insert_start(context, transaction, "S1", message, session, "Accepted"); }));
  }

  postgres::testing::TestDatabase database;
  Worker worker;
  postgres::Pool pool{worker, {.conninfo = database.conninfo(), .size = 2}};
  RequestContext context;
};

TEST_F(StoreTest, StationsAreProvisionedAndChange) {
  std::vector<ProvisionedStation> stations{
      {.site = {.station_id = "S1", .name = "Paraty", .connectors = {{.id = 1, .type = "CCS2", .max_power_w = 60'000}}},
       .password_sha256 = std::string(view(sha256("a")))},
      {.site = {.station_id = "S2", .name = "Rio"}, .password_sha256 = std::string(view(sha256("b")))}};
  EXPECT_EQ(must(run_task(worker, provision(context, pool, stations))), 2);
  EXPECT_EQ(must(run_task(worker, provision(context, pool, stations))), 0);
  stations[1].password_sha256 = std::string(view(sha256("c")));
  EXPECT_EQ(must(run_task(worker, provision(context, pool, stations))), 1);
  EXPECT_EQ(must(run_task(worker, password_sha256(context, pool, "S2"))), std::string(view(sha256("c"))));
  EXPECT_FALSE(must(run_task(worker, password_sha256(context, pool, "S3"))));
  const auto row = must(run_task(worker, find_station(context, pool, "S1")));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->connectors.at(0).max_power_w, 60'000);
  EXPECT_FALSE(row->connected);
}

TEST_F(StoreTest, ANewConnectionReplacesTheOld) {
  must(run_task(worker,
                provision(context, pool, {{.site = {.station_id = "S1", .name = "x"}, .password_sha256 = "x"}})));
  const auto first = uuid_v7(), second = uuid_v7();
  must(in_transaction([&](auto& transaction) { return set_connected(context, transaction, "S1", first); }));
  must(in_transaction([&](auto& transaction) { return set_connected(context, transaction, "S1", second); }));
  EXPECT_FALSE(
      must(in_transaction([&](auto& transaction) { return set_disconnected(context, transaction, "S1", first); })));
  ASSERT_EQ(must(run_task(worker, open_connections(context, pool))).size(), 1u);
  EXPECT_TRUE(
      must(in_transaction([&](auto& transaction) { return set_disconnected(context, transaction, "S1", second); })));
  EXPECT_TRUE(must(run_task(worker, open_connections(context, pool))).empty());
}

TEST_F(StoreTest, BootAndRegistrationAreKept) {
  must(run_task(worker,
                provision(context, pool, {{.site = {.station_id = "S1", .name = "x"}, .password_sha256 = "x"}})));
  must(in_transaction([&](auto& transaction) {
    return set_booted(context, transaction, "S1", {.vendor = "V", .model = "M", .charge_box_serial = "N"});
  }));
  must(in_transaction([&](auto& transaction) { return set_registered(context, transaction, "S1"); }));
  EXPECT_TRUE(
      must(in_transaction([&](auto& transaction) { return lock_station(context, transaction, "S1"); }))->registered);
  EXPECT_EQ(database.value("SELECT vendor || model || serial FROM station"), "VMN");
}

TEST_F(StoreTest, AConnectorsStatusTellsWhetherItChanged) {
  must(run_task(worker,
                provision(context, pool, {{.site = {.station_id = "S1", .name = "x"}, .password_sha256 = "x"}})));
  const auto set = [&](std::string status) {
    return must(in_transaction([&](auto& transaction) {
      return set_connector_status(context, transaction, "S1",
                                  {.connector_id = 1, .status = status, .error_code = "NoError"}, kAt);
    }));
  };
  EXPECT_TRUE(set("Available"));
  EXPECT_FALSE(set("Available"));
  EXPECT_TRUE(set("Preparing"));
  const auto offline = [&] {
    return must(in_transaction(
        [&](auto& transaction) { return set_connectors_offline(context, transaction, "S1", "ConnectionLost", kAt); }));
  };
  EXPECT_EQ(offline(), std::vector<std::int64_t>{1});
  EXPECT_TRUE(offline().empty());
  EXPECT_TRUE(set("Preparing")) << "back again is a change";
}

TEST_F(StoreTest, ARepeatedStartFindsItsTransaction) {
  const auto first = start(start_of("TAG"));
  EXPECT_TRUE(first.is_new);
  const auto again = start(start_of("TAG"));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.transaction_id, first.transaction_id);
  auto other = start_of("TAG");
  other.meter_start_wh += 1;
  EXPECT_NE(start(other).transaction_id, first.transaction_id);
  EXPECT_EQ(database.value("SELECT received FROM ocpp_transaction WHERE transaction_id = " +
                           std::to_string(first.transaction_id)),
            "2");
}

TEST_F(StoreTest, OneBillPerTransaction) {
  const auto id = start(start_of("TAG")).transaction_id;
  ocpp::StopTransaction stop{.transaction_id = id, .meter_stop_wh = 2000, .timestamp = kAt};
  const auto outcome = [&] {
    return must(in_transaction([&](auto& transaction) { return insert_stop(context, transaction, "S1", stop); }));
  };
  EXPECT_EQ(outcome(), StopOutcome::kFirst);
  EXPECT_EQ(outcome(), StopOutcome::kRepeated);
  stop.meter_stop_wh = 3000;
  EXPECT_EQ(outcome(), StopOutcome::kDiffers);
  EXPECT_EQ(database.value("SELECT string_agg(meter_stop_wh::text, ',') FROM ocpp_transaction_stop"), "2000");
}

TEST_F(StoreTest, TransactionsBelongToTheirStation) {
  const auto id = start(start_of("TAG")).transaction_id;
  EXPECT_TRUE(
      must(in_transaction([&](auto& transaction) { return find_transaction(context, transaction, "S1", id); })));
  EXPECT_FALSE(
      must(in_transaction([&](auto& transaction) { return find_transaction(context, transaction, "S2", id); })));
  EXPECT_EQ(must(in_transaction([&](auto& transaction) { return open_transaction_at(context, transaction, "S1", 1); })),
            id);
  EXPECT_FALSE(
      must(in_transaction([&](auto& transaction) { return open_transaction_at(context, transaction, "S1", 2); })));
}

TEST_F(StoreTest, SessionsAreFoundByTagAndTransaction) {
  const auto session = authorise();
  auto tag = session_tag(session);
  std::ranges::transform(tag, tag.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto by_tag = must(run_task(worker, find_session_by_tag(context, pool, tag)));
  ASSERT_TRUE(by_tag) << "tags compare without case";
  EXPECT_EQ(by_tag->session_id, session);
  EXPECT_TRUE(by_tag->trace.valid());
  const auto message = start_of(session_tag(session));
  const auto is_used = [&] {
    return must(in_transaction(
        [&](auto& transaction) { return session_is_used(context, transaction, session, "S1", message); }));
  };
  EXPECT_FALSE(is_used());
  const auto id = start(message, session).transaction_id;
  EXPECT_FALSE(is_used()) << "a repetition is no second use";
  auto second = message;
  second.meter_start_wh += 5;
  EXPECT_TRUE(must(
      in_transaction([&](auto& transaction) { return session_is_used(context, transaction, session, "S1", second); })));
  EXPECT_EQ(must(run_task(worker, find_session_by_transaction(context, pool, "S1", id)))->session_id, session);
  EXPECT_FALSE(must(run_task(worker, find_session_by_transaction(context, pool, "S2", id))));
  must(in_transaction([&](auto& transaction) { return close_session(context, transaction, session); }));
  EXPECT_TRUE(
      must(in_transaction([&](auto& transaction) { return find_session(context, transaction, session); }))->closed);
}

TEST_F(StoreTest, MeterValuesAreKeptOnceAndTheLatestWins) {
  const auto id = start(start_of("TAG")).transaction_id;
  MeterMessage message{.station_id = "S1",
                       .connector_id = 1,
                       .transaction_id = id,
                       .values = {{.timestamp = kAt, .raw = json::Object{{"value", "OCMF|\"quoted\" \\ bytes"}}},
                                  {.timestamp = kAt + std::chrono::seconds(1), .raw = json::Object{}}},
                       .latest = ocpp::MeterReading{.timestamp = kAt + std::chrono::seconds(1), .energy_wh = 1500}};
  EXPECT_TRUE(must(run_task(worker, insert_meter_values(context, pool, message))));
  message.latest = ocpp::MeterReading{.timestamp = kAt, .energy_wh = 1200};
  EXPECT_TRUE(
      must(in_transaction([&](auto& transaction) { return insert_meter_values(context, transaction, message); })));
  EXPECT_EQ(database.value("SELECT count(*) FROM meter_value"), "2");
  EXPECT_EQ(database.value("SELECT sampled FROM meter_value ORDER BY sampled_at LIMIT 1"),
            json::serialize(message.values[0].raw));
  EXPECT_EQ(must(in_transaction([&](auto& transaction) {
              return find_transaction(context, transaction, "S1", id);
            }))->meter_wh,
            1500);
  message.station_id = "S2";
  EXPECT_FALSE(must(run_task(worker, insert_meter_values(context, pool, message)))) << "another station's transaction";
  message.latest.reset();
  message.transaction_id = 0;
  EXPECT_FALSE(must(run_task(worker, insert_meter_values(context, pool, message))));
  EXPECT_EQ(database.value("SELECT count(*) FROM meter_value"), "6") << "kept all the same";
}

TEST_F(StoreTest, FiguresCountStationsAndConnectors) {
  database.value(
      "WITH added AS (INSERT INTO station (station_id, name, connectors, password_sha256, connection_id, connected_at) "
      "VALUES ('F1', 'on', '[]', '', gen_random_uuid(), now()), ('F2', 'off', '[]', '', NULL, now()), "
      "('F3', 'never', '[]', '', NULL, NULL) RETURNING 1) SELECT count(*) FROM added");
  const auto before = must(run_task(worker, station_figures(context, pool)));
  database.value(
      "WITH added AS (INSERT INTO connector (station_id, connector_id, status, error_code, changed_at) VALUES "
      "('F1', 0, 'Available', 'NoError', now()), ('F1', 1, 'Charging', 'NoError', now()), "
      "('F2', 1, 'Charging', 'NoError', now()) RETURNING 1) SELECT count(*) FROM added");
  const auto figures = must(run_task(worker, station_figures(context, pool)));
  const auto stations = database.value(
      "SELECT concat_ws(' ', count(*) FILTER (WHERE connection_id IS NOT NULL), count(*) FILTER (WHERE connection_id "
      "IS "
      "NULL AND connected_at IS NOT NULL), count(*) FILTER (WHERE connected_at IS NULL)) FROM station");
  EXPECT_EQ(
      std::to_string(figures.connected) + " " + std::to_string(figures.offline) + " " + std::to_string(figures.never),
      stations);
  EXPECT_GE(figures.connected, 1);
  EXPECT_GE(figures.offline, 1);
  EXPECT_GE(figures.never, 1);
  const auto charging = [](const StationFigures& some) {
    std::int64_t found = 0;
    for (const auto& [status, count] : some.connectors_by_status) found += status == "Charging" ? count : 0;
    return found;
  };
  EXPECT_EQ(charging(figures) - charging(before), 2) << "connector 0 is the station itself";
}

TEST_F(StoreTest, CasesAreOpenedOnce) {
  for (int i = 0; i < 2; ++i)
    must(in_transaction(
        [&](auto& transaction) { return open_case(context, transaction, "S1", -1, "unknown-transaction", "{}"); }));
  EXPECT_EQ(database.value("SELECT count(*) FROM reconciliation_case"), "1");
  EXPECT_EQ(
      database.value("SELECT concat_ws(' ', kind, subject, closed_at IS NULL, trace_id IS NULL) FROM operator_case"),
      "unknownTransaction S1 -1 t f");
  database.value("UPDATE operator_case SET closed_at = now(), outcome = 'noChange' RETURNING 1");
  EXPECT_EQ(database.value("SELECT outcome FROM reconciliation_case WHERE closed_at IS NOT NULL"), "noChange");
}

class CommandStoreTest : public StoreTest {
 protected:
  Uuid ask(ocpp::CommandKind kind, std::optional<Uuid> session) {
    const CommandDraft draft{.command_id = uuid_v7(),
                             .station_id = "S1",
                             .connector_id = 1,
                             .kind = kind,
                             .payload = {{"a", 1}},
                             .session_id = session,
                             .trace = telemetry::TraceContext::root(),
                             .expires_at = system_clock().wall() + std::chrono::hours(1)};
    must(in_transaction([&](auto& transaction) { return insert_command(context, transaction, draft); }));
    return draft.command_id;
  }
  std::vector<CommandRow> open(Uuid run) { return must(run_task(worker, open_commands(context, pool, run, 100))); }
};

TEST_F(CommandStoreTest, ASecondStartOfASessionIsDropped) {
  const auto session = authorise();
  ask(ocpp::CommandKind::kRemoteStart, session);
  ask(ocpp::CommandKind::kRemoteStart, session);
  ask(ocpp::CommandKind::kRemoteStop, session);
  ask(ocpp::CommandKind::kRemoteStop, session);
  ask(ocpp::CommandKind::kReset, std::nullopt);
  ask(ocpp::CommandKind::kReset, std::nullopt);
  EXPECT_EQ(open(uuid_v7()).size(), 4u);
}

TEST_F(CommandStoreTest, WhatADeadProcessSentIsOpenForTheNext) {
  const auto id = ask(ocpp::CommandKind::kReset, std::nullopt);
  const auto mine = uuid_v7(), next = uuid_v7();
  EXPECT_EQ(must(run_task(worker, mark_sent(context, pool, {id}, mine))), std::set<Uuid>{id});
  EXPECT_TRUE(must(run_task(worker, mark_sent(context, pool, {id}, mine))).empty()) << "once";
  EXPECT_TRUE(open(mine).empty());
  ASSERT_EQ(open(next).size(), 1u);
  EXPECT_EQ(open(next)[0].open.attempts, 1);
  EXPECT_EQ(must(run_task(worker, mark_sent(context, pool, {id}, next))).size(), 1u);
  must(run_task(worker, mark_pending(context, pool, id)));
  EXPECT_EQ(open(next).size(), 1u);
  EXPECT_EQ(must(run_task(worker, mark_sent(context, pool, {id}, next))).size(), 1u);
  database.query("UPDATE command SET expires_at = now() - interval '6 seconds'");
  EXPECT_EQ(open(next).size(), 1u) << "its answer was lost";
  must(run_task(worker, mark_unconfirmed(context, pool, id)));
  EXPECT_TRUE(open(next).at(0).open.is_unconfirmed);
  EXPECT_EQ(must(run_task(worker, find_command(context, pool, "S1", id)))->state, "sent");
}

TEST_F(CommandStoreTest, IsFinishedOnce) {
  const auto id = ask(ocpp::CommandKind::kReset, std::nullopt);
  const auto finish = [&](std::string state) {
    return must(in_transaction([&](auto& transaction) { return finish_command(context, transaction, id, state, ""); }));
  };
  EXPECT_TRUE(finish("accepted"));
  EXPECT_FALSE(finish("timeout"));
  const auto view = must(run_task(worker, find_command(context, pool, "S1", id)));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->state, "accepted");
  EXPECT_TRUE(view->finished_at);
  EXPECT_FALSE(view->detail);
  EXPECT_FALSE(must(run_task(worker, find_command(context, pool, "S2", id))));
  EXPECT_TRUE(open(uuid_v7()).empty());
}

TEST_F(CommandStoreTest, KnowsTheSessionsTransaction) {
  const auto session = authorise();
  ask(ocpp::CommandKind::kRemoteStop, session);
  EXPECT_FALSE(open(uuid_v7()).at(0).open.transaction_id);
  const auto id = start(start_of(session_tag(session)), session).transaction_id;
  EXPECT_EQ(open(uuid_v7()).at(0).open.transaction_id, id);
  EXPECT_FALSE(open(uuid_v7()).at(0).open.transaction_ended);
  must(in_transaction([&](auto& transaction) {
    return insert_stop(context, transaction, "S1", {.transaction_id = id, .timestamp = kAt});
  }));
  EXPECT_TRUE(open(uuid_v7()).at(0).open.transaction_ended);
}

TEST_F(StoreTest, AWebhookIsTakenOnce) {
  const auto event = uuid_v7();
  const auto take = [&] {
    return must(in_transaction([&](auto& transaction) { return take_webhook(context, transaction, "acme", "m1"); }));
  };
  EXPECT_FALSE(take());
  must(in_transaction([&](auto& transaction) { return set_webhook_event(context, transaction, "acme", "m1", event); }));
  EXPECT_EQ(take(), event);
}

}  // namespace
}  // namespace evc::integrations::store
