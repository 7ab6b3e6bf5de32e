// The charge points' side whole, on the real PostgreSQL: a socket that speaks OCPP in front, the rows and the events of
// the outbox behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <thread>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"
#include "kit/http/server.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/telemetry/span.hpp"
#include "kit/testing/run_task.hpp"
#include "services/integrations/domain/session_tag.hpp"
#include "services/integrations/domain/station_credentials.hpp"
#include "services/integrations/events/charging_events.hpp"
#include "services/integrations/ocpp/command_dispatcher.hpp"
#include "services/integrations/ocpp/ocpp_endpoint.hpp"

namespace evc::integrations {
namespace {

using evc::ocpp::Call;
using evc::ocpp::CallError;
using evc::ocpp::CallResult;
using std::chrono::milliseconds;
using testing::run_task;
using testing::run_until;

const Secret<std::string> kSecret(std::string("fleet"));
constexpr std::string_view kUser = "p1.mfzxa2lonrxw2zlsfqqho2lunb";

// A charge point written for the test: it says what the test wants and remembers what it hears.
class TestStation {
 public:
  TestStation(Worker& worker, std::unique_ptr<http::WebSocket> socket)
      : worker_(&worker), tasks_(worker.io()), socket_(std::move(socket)) {
    tasks_.spawn("test-station", read_all());
  }
  ~TestStation() { close(); }
  void close() {
    if (socket_) socket_->close(1000, "");
    run_task(*worker_, drain());
    socket_.reset();
  }
  void say(std::string text) { run_task(*worker_, write(std::move(text))); }
  // The answer to a call; its payload, or the error's code in "error".
  json::Object ask(std::string action, json::Object payload) {
    const auto id = to_string(uuid_v7());
    say(serialize(Call{.id = id, .action = std::move(action), .payload = std::move(payload)}));
    const bool came = run_until(*worker_, [&] { return answers.contains(id) || ended; });
    if (!came || !answers.contains(id)) throw std::runtime_error("no answer");
    return answers.at(id);
  }
  bool wait_for_call(std::string_view action) {
    return run_until(
        *worker_, [&] { return std::ranges::any_of(calls, [&](const Call& call) { return call.action == action; }); });
  }

  std::deque<Call> calls;
  std::map<std::string, json::Object> answers;
  std::string reply_status = "Accepted";
  bool is_silent = false;
  bool ended = false;

 private:
  Task<> drain() { co_await tasks_.drain(SteadyTime::max()); }
  Task<> write(std::string text) { static_cast<void>(co_await socket_->write(std::move(text))); }
  Task<> read_all() {
    while (true) {
      auto text = co_await socket_->read();
      if (!text) break;
      auto frame = evc::ocpp::parse_frame(*text);
      if (auto* call = std::get_if<Call>(&frame)) {
        calls.push_back(*call);
        if (!is_silent) co_await write(serialize(CallResult{.id = call->id, .payload = {{"status", reply_status}}}));
      } else if (auto* result = std::get_if<CallResult>(&frame)) {
        answers[result->id] = result->payload;
      } else if (auto* error = std::get_if<CallError>(&frame)) {
        answers[error->id] = {{"error", error->code}};
      }
    }
    ended = true;
  }
  Worker* worker_;
  TaskGroup tasks_;
  std::unique_ptr<http::WebSocket> socket_;
};

class OcppTest : public ::testing::Test {
 protected:
  OcppTest() {
    database.migrate("kit/messaging/migrations");
    database.migrate("services/integrations/migrations");
    std::vector<store::ProvisionedStation> stations;
    for (const auto* id : {"S1", "S2"}) {
      stations.push_back(
          {.site = {.station_id = id, .name = id, .connectors = {{.id = 1, .type = "CCS2", .max_power_w = 60'000}}},
           .password_sha256 = password_digest(station_password(kSecret, id))});
    }
    EXPECT_TRUE(run_task(worker, store::provision(context, pool, stations)));
    auto router = std::make_shared<http::Router>();
    endpoint.add_to(*router, {});
    server = std::make_unique<http::Server>(worker, router, std::vector<http::Middleware>{},
                                            http::ServerOptions{.server_name = "integrations"});
    server->start();
  }
  ~OcppTest() override {
    worker.tasks().cancel();
    server->stop_accepting();
    run_task(worker, stop());
    server.reset();
    pool.close();
    worker.io().restart();
    worker.io().poll();
  }
  Task<> stop() {
    static_cast<void>(co_await server->drain(SteadyTime::max()));
    static_cast<void>(co_await worker.tasks().drain(SteadyTime::max()));
  }

  Result<std::unique_ptr<http::WebSocket>> dial(const std::string& station, const std::string& password,
                                                std::vector<std::string> protocols = {"ocpp1.6"}) {
    http::WebSocketDial options{.host = "127.0.0.1",
                                .port = server->port(),
                                .path = "/ocpp/" + station,
                                .subprotocols = std::move(protocols),
                                .headers = {{"Authorization", "Basic " + base64_encode(station + ":" + password)}}};
    return run_task(worker, http::connect_websocket(worker, options, system_clock().steady() + milliseconds(5'000)));
  }
  std::unique_ptr<TestStation> connect(const std::string& station = "S1") {
    auto socket = dial(station, station_password(kSecret, station));
    if (!socket) throw std::runtime_error(socket.error().detail);
    EXPECT_TRUE(run_until(worker, [&] { return directory.is_connected(station); }));
    return std::make_unique<TestStation>(worker, std::move(*socket));
  }

  // The events so far, of one kind.
  std::vector<json::Object> events(std::string_view kind) {
    std::vector<json::Object> found;
    for (const auto& row : database.query("SELECT convert_from(payload, 'UTF8') FROM outbox ORDER BY pos")) {
      auto value = json::parse(row.at(0))->as_object();
      if (value.at("data").as_object().at("kind").as_string() == kind) found.push_back(std::move(value));
    }
    return found;
  }
  bool wait_for_events(std::string_view kind, std::size_t count) {
    return run_until(worker, [&] { return events(kind).size() >= count; });
  }
  static std::string_view text(const json::Object& event, std::string_view member) {
    return event.at("data").as_object().at(member).as_string();
  }

  messaging::Event authorised(const Uuid& session, std::chrono::seconds start_within = std::chrono::seconds(30)) const {
    messaging::Event event{.event_id = uuid_v7(),
                           .event_type = "ChargingSessionAuthorized",
                           .correlation_id = uuid_v7(),
                           .user_id = std::string(kUser)};
    event.creation = telemetry::TraceContext::root();
    event.data = {{"sessionId", to_string(session)},
                  {"stationId", "S1"},
                  {"connectorId", 1},
                  {"startBy", format_rfc3339(system_clock().wall() + start_within)}};
    return event;
  }
  messaging::Event about(const messaging::Event& first, std::string type) const {
    auto event = first;
    event.event_id = uuid_v7();
    event.event_type = std::move(type);
    return event;
  }
  void deliver(const messaging::Event& event) { run_task(worker, deliver_task(event)); }
  Task<> deliver_task(const messaging::Event& event) {
    auto transaction = co_await pool.begin(context);
    EVC_ASSERT(transaction.has_value());
    auto handled = co_await charging.handlers().at(event.event_type)(context, *transaction, event);
    EVC_ASSERT(handled.has_value());
    auto committed = co_await transaction->commit(context);
    EVC_ASSERT(committed.has_value());
  }
  void dispatch() { worker.tasks().spawn("commands", dispatcher.run()); }

  postgres::testing::TestDatabase database;
  Worker worker;
  postgres::Pool pool{worker, {.conninfo = database.conninfo(), .size = 4}};
  RequestContext context;
  messaging::Outbox outbox{"/services/integrations"};
  StationDirectory directory;
  StationMessages messages{pool, outbox, 60};
  OcppEndpoint endpoint{
      worker,
      directory,
      messages,
      {.call_timeout = milliseconds(500), .meter_event_interval = milliseconds(300), .boot_wait = milliseconds(100)}};
  CommandNudge nudge;
  ChargingEvents charging{[this] { nudge.ring(); }};
  CommandDispatcher dispatcher{
      worker, pool,
      outbox, directory,
      nudge,  {.poll_interval = milliseconds(50), .offline_grace = milliseconds(300), .boot_grace = milliseconds(0)}};
  std::unique_ptr<http::Server> server;
};

json::Object start_message(std::string_view tag) {
  return {
      {"connectorId", 1}, {"idTag", tag}, {"meterStart", 1000}, {"timestamp", format_rfc3339(system_clock().wall())}};
}
json::Object meter_message(std::int64_t transaction, std::int64_t wh) {
  json::Object value{{"timestamp", format_rfc3339(system_clock().wall())},
                     {"sampledValue", json::Array{json::Object{{"value", std::to_string(wh)}}}}};
  return {{"connectorId", 1}, {"transactionId", transaction}, {"meterValue", json::Array{value}}};
}
json::Object stop_message(std::int64_t transaction) {
  return {{"transactionId", transaction},
          {"meterStop", 9000},
          {"timestamp", format_rfc3339(system_clock().wall())},
          {"reason", "Remote"}};
}

TEST_F(OcppTest, OnlyAKnownStationWithItsPasswordIsLetIn) {
  EXPECT_EQ(dial("S1", "wrong").error().code, Code::kUnauthenticated);
  EXPECT_EQ(dial("S9", station_password(kSecret, "S9")).error().code, Code::kUnauthenticated);
  EXPECT_FALSE(dial("S1", station_password(kSecret, "S1"), {"ocpp2.0.1"}));
  EXPECT_FALSE(dial("S1", station_password(kSecret, "S1"), {}));
  EXPECT_TRUE(dial("S1", station_password(kSecret, "S1")));
}

TEST_F(OcppTest, ABootAndAStatusBecomeEvents) {
  const auto station = connect();
  const auto boot = station->ask("BootNotification", {{"chargePointVendor", "V"}, {"chargePointModel", "M"}});
  EXPECT_EQ(boot.at("status").as_string(), "Accepted");
  EXPECT_EQ(boot.at("interval").as_int64(), 60);
  const json::Object status{{"connectorId", 1}, {"errorCode", "NoError"}, {"status", "Available"}};
  EXPECT_TRUE(station->ask("StatusNotification", status).empty());
  EXPECT_TRUE(station->ask("StatusNotification", status).empty());
  ASSERT_EQ(events("stationRegistered").size(), 1u);
  EXPECT_TRUE(events("stationRegistered")[0].at("userId").is_null());
  ASSERT_EQ(events("connectorStatus").size(), 1u) << "said twice, told once";
  EXPECT_EQ(text(events("connectorStatus")[0], "status"), "available");
  EXPECT_EQ(database.value("SELECT string_agg(DISTINCT key || ' ' || topic, ',') FROM outbox"),
            "S1 integration.events");
  EXPECT_EQ(database.value("SELECT subject FROM outbox ORDER BY pos DESC LIMIT 1"), "S1/1");
}

TEST_F(OcppTest, ErrorsHaveTheExactCodes) {
  const auto station = connect();
  EXPECT_EQ(station->ask("Dance", {}).at("error").as_string(), "NotImplemented");
  EXPECT_EQ(station->ask("Authorize", {}).at("error").as_string(), "OccurenceConstraintViolation");
  EXPECT_EQ(station->ask("Authorize", {{"idTag", 5}}).at("error").as_string(), "TypeConstraintViolation");
  station->say("this is no JSON");
  station->say("[2,\"x\",\"Heartbeat\",[]]");
  EXPECT_TRUE(station->ask("Heartbeat", {}).contains("currentTime")) << "nonsense does not end the connection";
  EXPECT_EQ(station->answers.at("x").at("error").as_string(), "FormationViolation");
}

TEST_F(OcppTest, AWholeChargeFromTheFactToTheBill) {
  const auto station = connect();
  dispatch();
  const auto session = uuid_v7();
  const auto fact = authorised(session);
  deliver(fact);
  deliver(fact);
  ASSERT_TRUE(station->wait_for_call("RemoteStartTransaction"));
  EXPECT_EQ(station->calls.back().payload.at("idTag").as_string(), session_tag(session));
  ASSERT_TRUE(wait_for_events("commandResult", 1));
  EXPECT_EQ(text(events("commandResult")[0], "result"), "accepted");

  EXPECT_EQ(
      station->ask("Authorize", {{"idTag", session_tag(session)}}).at("idTagInfo").as_object().at("status").as_string(),
      "Accepted");
  const auto start = start_message(session_tag(session));
  const auto first = station->ask("StartTransaction", start);
  EXPECT_EQ(first.at("idTagInfo").as_object().at("status").as_string(), "Accepted");
  EXPECT_EQ(station->ask("StartTransaction", start), first) << "a repeated start gets the same answer";
  const auto id = first.at("transactionId").as_int64();
  for (const auto wh : {1100, 1200, 1300}) EXPECT_TRUE(station->ask("MeterValues", meter_message(id, wh)).empty());
  EXPECT_EQ(events("meterValues").size(), 1u) << "coalesced";
  ASSERT_TRUE(wait_for_events("meterValues", 2));
  EXPECT_EQ(events("meterValues")[1].at("data").as_object().at("meterWh").as_int64(), 1300)
      << "the newest of those held back";
  EXPECT_EQ(database.value("SELECT count(*) FROM meter_value"), "3");

  deliver(about(fact, "ChargingSessionStopRequested"));
  ASSERT_TRUE(station->wait_for_call("RemoteStopTransaction"));
  EXPECT_EQ(station->calls.back().payload.at("transactionId").as_int64(), id);
  const auto stop = stop_message(id);
  EXPECT_FALSE(station->ask("StopTransaction", stop).contains("error"));
  EXPECT_FALSE(station->ask("StopTransaction", stop).contains("error"));
  ASSERT_EQ(events("transactionStarted").size(), 1u);
  ASSERT_EQ(events("transactionEnded").size(), 1u) << "one bill";
  EXPECT_EQ(events("transactionEnded")[0].at("data").as_object().at("meterWh").as_int64(), 9000);
  for (const auto* kind : {"commandResult", "transactionStarted", "meterValues", "transactionEnded"}) {
    const auto event = events(kind).at(0);
    EXPECT_EQ(event.at("traceId").as_string(), fact.creation.trace_id_hex()) << kind;
    EXPECT_EQ(event.at("correlationId").as_string(), to_string(fact.correlation_id)) << kind;
    EXPECT_EQ(event.at("userId").as_string(), kUser) << kind;
    EXPECT_EQ(text(event, "sessionId"), to_string(session)) << kind;
  }
}

// Else an idle process would bury every other trace under its polls.
TEST_F(OcppTest, LookingForCommandsIsNoTrace) {
  std::vector<telemetry::EndedSpan> looks;
  telemetry::set_test_sink([&](const telemetry::EndedSpan& span) {
    if (span.name == "integrations.command.open") looks.push_back(span);
  });
  dispatch();
  EXPECT_TRUE(run_until(worker, [&] { return looks.size() > 2; }));
  telemetry::set_test_sink({});
  EXPECT_TRUE(std::ranges::none_of(looks, [](const telemetry::EndedSpan& span) { return span.context.sampled; }));
}

TEST_F(OcppTest, AnAnswerIsHeardWhileAMessageWaitsForTheDatabase) {
  const auto station = connect();
  station->ask("BootNotification", {{"chargePointVendor", "V"}, {"chargePointModel", "M"}});
  const std::jthread blocker([conninfo = database.conninfo()] {
    postgres::testing::query(conninfo, "BEGIN; LOCK TABLE connector; SELECT pg_sleep(2); COMMIT");
  });
  ASSERT_TRUE(run_until(worker, [&] {
    return database.value(
               "SELECT count(*) FROM pg_locks WHERE relation = 'connector'::regclass AND mode = 'AccessExclusiveLock' "
               "AND granted") == "1";
  }));
  station->say(R"([2,"waits","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}])");
  bool is_answered = false;
  ASSERT_TRUE(directory.post("S1", [&](StationConnection& connection) {
    connection.call("Reset", {{"type", "Soft"}}, [&](const evc::ocpp::Settled& settled) {
      is_answered = settled.outcome == evc::ocpp::Settled::Outcome::kResult;
    });
  }));
  EXPECT_TRUE(run_until(worker, [&] { return is_answered; }));
  EXPECT_FALSE(station->answers.contains("waits"));
  EXPECT_TRUE(run_until(worker, [&] { return station->answers.contains("waits"); }));
}

TEST_F(OcppTest, AStrangersStartIsRefusedByStatusAndKept) {
  const auto station = connect();
  const auto answer = station->ask("StartTransaction", start_message("STRANGER"));
  EXPECT_EQ(answer.at("idTagInfo").as_object().at("status").as_string(), "Invalid");
  EXPECT_GT(answer.at("transactionId").as_int64(), 0);
  ASSERT_EQ(events("transactionStarted").size(), 1u);
  EXPECT_FALSE(events("transactionStarted")[0].at("data").as_object().contains("sessionId"));
  EXPECT_EQ(database.value("SELECT kind FROM reconciliation_case"), "unknown-tag");
}

TEST_F(OcppTest, UnknownTransactionsAreAcceptedAndReconciled) {
  const auto station = connect();
  EXPECT_FALSE(station->ask("StopTransaction", stop_message(-1)).contains("error"));
  EXPECT_FALSE(station->ask("StopTransaction", stop_message(4711)).contains("error"));
  EXPECT_FALSE(station->ask("MeterValues", meter_message(4711, 5)).contains("error"));
  EXPECT_TRUE(events("transactionEnded").empty());
  EXPECT_TRUE(events("meterValues").empty());
  EXPECT_EQ(database.value("SELECT count(*) FROM reconciliation_case WHERE kind = 'unknown-transaction'"), "3");
}

TEST_F(OcppTest, ALostStationIsOfflineAndAReconnectIsAskedForItsStatus) {
  auto station = connect();
  station->ask("StatusNotification", {{"connectorId", 1}, {"errorCode", "NoError"}, {"status", "Available"}});
  station->close();
  ASSERT_TRUE(wait_for_events("connectorStatus", 2));
  EXPECT_EQ(text(events("connectorStatus")[1], "status"), "offline");
  EXPECT_EQ(text(events("connectorStatus")[1], "errorCode"), "ConnectionLost");
  EXPECT_FALSE(directory.is_connected("S1"));
  station = connect();
  ASSERT_TRUE(station->wait_for_call("TriggerMessage"));
  station->ask("StatusNotification", {{"connectorId", 1}, {"errorCode", "NoError"}, {"status", "Available"}});
  EXPECT_EQ(text(events("connectorStatus").back(), "status"), "available");
}

TEST_F(OcppTest, ANewSocketReplacesTheOldWithoutAnOfflineMoment) {
  const auto old = connect();
  old->ask("StatusNotification", {{"connectorId", 1}, {"errorCode", "NoError"}, {"status", "Available"}});
  const auto fresh = connect();
  ASSERT_TRUE(run_until(worker, [&] { return old->ended; }));
  fresh->ask("Heartbeat", {});
  EXPECT_TRUE(directory.is_connected("S1"));
  EXPECT_EQ(events("connectorStatus").size(), 1u);
  EXPECT_EQ(database.value("SELECT connection_id IS NOT NULL FROM station WHERE station_id = 'S1'"), "t");
}

TEST_F(OcppTest, ATransactionThatARestartedStationForgotIsBilledByItsLastReading) {
  auto station = connect();
  dispatch();
  const auto session = uuid_v7();
  const auto fact = authorised(session);
  deliver(fact);
  ASSERT_TRUE(station->wait_for_call("RemoteStartTransaction"));
  const auto id = station->ask("StartTransaction", start_message(session_tag(session))).at("transactionId").as_int64();
  station->ask("MeterValues", meter_message(id, 1300));
  station->reply_status = "Rejected";
  const json::Object charging_now{{"connectorId", 1}, {"errorCode", "NoError"}, {"status", "Charging"}};
  const json::Object free_now{{"connectorId", 1}, {"errorCode", "NoError"}, {"status", "Available"}};
  const json::Object boot{{"chargePointVendor", "Sim"}, {"chargePointModel", "DC60"}};
  const auto refusals = [&](std::size_t count) {
    deliver(about(fact, "ChargingSessionStopRequested"));
    return wait_for_events("commandResult", count);
  };
  station->ask("StatusNotification", free_now);
  ASSERT_TRUE(refusals(2));
  EXPECT_TRUE(events("transactionEnded").empty()) << "it was not restarted: it may have its reasons";
  station->ask("BootNotification", boot);
  station->ask("StatusNotification", charging_now);
  ASSERT_TRUE(refusals(3));
  EXPECT_TRUE(events("transactionEnded").empty()) << "it was restarted and still charges";
  station->ask("StatusNotification", free_now);
  ASSERT_TRUE(refusals(4));
  ASSERT_EQ(events("transactionEnded").size(), 1u);
  const auto ended = events("transactionEnded")[0];
  EXPECT_EQ(ended.at("data").as_object().at("meterWh").as_int64(), 1300);
  EXPECT_EQ(text(ended, "sessionId"), to_string(session));
  EXPECT_FALSE(station->ask("StopTransaction", stop_message(id)).contains("error"));
  EXPECT_EQ(events("transactionEnded").size(), 1u) << "one bill";
  EXPECT_EQ(database.value("SELECT kind FROM reconciliation_case"), "stop-differs");
}

TEST_F(OcppTest, ACommandToAnAbsentStationEndsAsOffline) {
  dispatch();
  deliver(authorised(uuid_v7()));
  ASSERT_TRUE(wait_for_events("commandResult", 1));
  EXPECT_EQ(text(events("commandResult")[0], "result"), "offline");
}

TEST_F(OcppTest, AStartThatCameTooLateIsNotSent) {
  const auto station = connect();
  dispatch();
  deliver(authorised(uuid_v7(), std::chrono::seconds(-1)));
  ASSERT_TRUE(wait_for_events("commandResult", 1));
  EXPECT_EQ(text(events("commandResult")[0], "result"), "expired");
  EXPECT_TRUE(station->calls.empty() || station->calls.front().action != "RemoteStartTransaction");
}

TEST_F(OcppTest, ARejectionAndASilenceAreResultsToo) {
  const auto station = connect();
  dispatch();
  station->reply_status = "Rejected";
  deliver(authorised(uuid_v7()));
  ASSERT_TRUE(wait_for_events("commandResult", 1));
  EXPECT_EQ(text(events("commandResult")[0], "result"), "rejected");
  station->is_silent = true;
  deliver(authorised(uuid_v7()));
  ASSERT_TRUE(wait_for_events("commandResult", 2));
  EXPECT_EQ(text(events("commandResult")[1], "result"), "timeout");
}

TEST_F(OcppTest, AClosedSessionsTagIsRefused) {
  const auto station = connect();
  const auto session = uuid_v7();
  const auto fact = authorised(session);
  deliver(fact);
  deliver(about(fact, "ChargingSessionFailed"));
  EXPECT_EQ(station->ask("StartTransaction", start_message(session_tag(session)))
                .at("idTagInfo")
                .as_object()
                .at("status")
                .as_string(),
            "Expired");
  const auto elsewhere = connect("S2");
  EXPECT_EQ(elsewhere->ask("StartTransaction", start_message(session_tag(session)))
                .at("idTagInfo")
                .as_object()
                .at("status")
                .as_string(),
            "Invalid");
}

}  // namespace
}  // namespace evc::integrations
