// What operators see of stations and of everybody's sessions.
#include "services/charging/api/operations.hpp"

#include <gtest/gtest.h>

#include "services/charging/api/api_fixture_test.hpp"

namespace evc::charging {
namespace {

constexpr const char* kDriver = "p1.mfzxa2lonrxw2zlsfqqho2lunb";
constexpr const char* kOther = "p1.aaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr const char* kSession = "01a20add-f7cf-7378-a0c8-807d805a2200";
constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

class OperationsTest : public ApiFixture {
 protected:
  OperationsTest() {
    for (const char* id : {"A", "B", "C"})
      database_.query(
          "INSERT INTO station (id, name, lat, lon, currency, per_kwh_minor, start_fee_minor, idle_per_minute_minor, "
          "grace_minutes, status) VALUES ('" +
          std::string(id) + "', 'Posto', 0, 0, 'BRL', 219, 0, 0, 0, '" + (*id == 'C' ? "offline" : "online") + "')");
    database_.query(
        "INSERT INTO connector (station_id, connector_id, type, max_power_w, status) VALUES "
        "('A', 1, 'CCS2', 60000, 'charging'), ('A', 2, 'CCS2', 60000, 'available')");
  }
  void session(const std::string& state, int number, const char* puid = kDriver) {
    const bool over = state == "CAPTURED" || state == "FAILED";
    const std::string digit = std::to_string(number);
    database_.query(
        "INSERT INTO session (id, puid, correlation_id, trace_id, span_id, station_id, station_name, connector_id, "
        "connector_type, connector_max_power_w, energy_limit_wh, currency, per_kwh_minor, start_fee_minor, "
        "idle_per_minute_minor, grace_minutes, hold_minor, reference, state, version, payment_method, energy_wh, "
        "power_w, created_at, updated_at, deadline_at) VALUES ('01a20add-f7cf-7378-a0c8-807d805a220" +
        digit + "', '" + puid + "', gen_random_uuid(), '4bf92f3577b34da6a3ce929d0e0e473" + digit +
        "', '00f067aa0ba902b7', 'A', 'Posto', 1, 'CCS2', 60000, 30000, 'BRL', 219, 0, 0, 0, 6570, 'r" + digit + "', '" +
        state + "', 3, '{\"type\":\"simulated-pix\"}', 1500, 42500, timestamptz '2026-11-23 12:00Z' + " + digit +
        " * interval '1 minute', now(), " + (over ? "NULL" : "timestamptz '2026-11-23 13:00Z'") + ")");
  }
  using Operation = Task<http::Response> (*)(Api&, RequestContext&, http::Request&);
  http::Response ask(Operation operation, const std::string& query = "",
                     std::map<std::string, std::string> parameters = {}) {
    http::Request request{.method = "GET", .target = "/operations", .path = "/operations"};
    request.query = http::Query::parse(query).value();
    request.path_parameters = std::move(parameters);
    Api charging = api();
    return evc::testing::run_task(worker_, operation(charging, context_, request));
  }
  json::Object told(Operation operation, const std::string& query = "",
                    std::map<std::string, std::string> parameters = {}) {
    const auto answer = ask(operation, query, std::move(parameters));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.headers.get("cache-control"), "no-store");
    return json::parse(answer.body)->as_object();
  }
  std::size_t found(const std::string& query) {
    return told(list_charging_sessions, query).at("sessions").as_array().size();
  }
};

TEST_F(OperationsTest, EachConnectorShowsTheChargeThatHasIt) {
  session("CHARGING", 6);
  const auto all = told(list_operator_stations);
  const auto& stations = all.at("stations").as_array();
  ASSERT_EQ(stations.size(), 3U);
  const auto& connectors = stations[0].at("connectors").as_array();
  EXPECT_EQ(connectors[0].at("charge").at("powerKw"), 42.5);
  EXPECT_EQ(connectors[0].at("charge").at("state"), "CHARGING");
  EXPECT_FALSE(connectors[1].as_object().contains("charge"));
  EXPECT_EQ(stations[0].at("perKwh").at("amount"), 219);
  EXPECT_EQ(told(get_operator_station, "", {{"stationId", "A"}}).at("connectors"), stations[0].at("connectors"));
  EXPECT_EQ(ask(get_operator_station, "", {{"stationId", "Z"}}).status, 404);
}

TEST_F(OperationsTest, StationsComeByPageAndByStatus) {
  const auto first = told(list_operator_stations, "limit=2");
  EXPECT_EQ(first.at("stations").as_array().size(), 2U);
  const auto rest = told(list_operator_stations, "limit=2&cursor=" + std::string(first.at("nextCursor").as_string()));
  ASSERT_EQ(rest.at("stations").as_array().size(), 1U);
  EXPECT_EQ(rest.at("stations").at(0).at("stationId"), "C");
  EXPECT_FALSE(rest.contains("nextCursor"));
  EXPECT_EQ(told(list_operator_stations, "status=offline").at("stations").as_array().size(), 1U);
  EXPECT_EQ(ask(list_operator_stations, "status=asleep").status, 422);
}

TEST_F(OperationsTest, SessionsAreFoundByWhatIsKnownOfThem) {
  session("CAPTURED", 4);
  session("FAILED", 5, kOther);
  session("CHARGING", 6);
  EXPECT_EQ(found(""), 3U);
  EXPECT_EQ(found("state=FAILED"), 1U);
  EXPECT_EQ(found("live=true"), 1U);
  EXPECT_EQ(found("live=false"), 2U);
  EXPECT_EQ(found(std::string("userId=") + kOther), 1U);
  EXPECT_EQ(found(std::string("supportCode=") + kTrace), 1U);
  EXPECT_EQ(found("stationId=A"), 3U);
  EXPECT_EQ(found("stationId=B"), 0U);
  for (const char* bad : {"state=ASLEEP", "live=perhaps", "supportCode=x", "limit=201", "cursor=%21"})
    EXPECT_EQ(ask(list_charging_sessions, bad).status, 422) << bad;
  const auto first = told(list_charging_sessions, "limit=2");
  EXPECT_EQ(first.at("sessions").at(0).at("state"), "CHARGING") << "newest first";
  EXPECT_EQ(found("limit=2&cursor=" + std::string(first.at("nextCursor").as_string())), 1U);
}

TEST_F(OperationsTest, OneSessionTellsItsSagaItsTimelineAndWhatItSaid) {
  session("CHARGING", 0);
  database_.query("INSERT INTO session_timeline (session_id, version, state, at, reason) VALUES ('" +
                  std::string(kSession) + "', 1, 'REQUESTED', now(), 'because')");
  database_.query(
      "INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) VALUES "
      "('01a20add-f7cf-7378-a0c8-807d805a22ff', 'charging.events', '" +
      std::string(kSession) + "', 1, '" + kSession +
      R"(', '\x', convert_to('{"eventId":"01a20add-f7cf-7378-a0c8-807d805a22ff","eventType":"ChargingSessionRequested",)"
      R"("occurredAt":"2026-11-23T12:00:00Z","correlationId":"01a20add-f7cf-7378-a0c8-807d805a2201","traceId":")" +
      std::string(kTrace) + R"(","userId":null,"sequence":1,"data":{"a":1}}', 'UTF8')))");
  const auto whole = told(get_charging_session, "", {{"sessionId", kSession}});
  EXPECT_EQ(whole.at("session").at("userId"), kDriver);
  EXPECT_EQ(whole.at("timeline").at(0).at("reason"), "because");
  EXPECT_EQ(whole.at("saga").at("deadlineAt"), "2026-11-23T13:00:00.000Z");
  ASSERT_EQ(whole.at("events").as_array().size(), 1U);
  EXPECT_EQ(whole.at("events").at(0).at("type"), "ChargingSessionRequested");
  EXPECT_EQ(whole.at("events").at(0).at("data").at("a"), 1);
  EXPECT_EQ(ask(get_charging_session, "", {{"sessionId", "01a20add-f7cf-7378-a0c8-807d805a22aa"}}).status, 404);
  EXPECT_EQ(ask(get_charging_session, "", {{"sessionId", "x"}}).status, 404);
}

}  // namespace
}  // namespace evc::charging
