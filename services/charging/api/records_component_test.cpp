// What the user service learns of a person's charges: all of them, page by page, and how many have not ended.
#include "services/charging/api/records.hpp"

#include <gtest/gtest.h>

#include "services/charging/api/api_fixture_test.hpp"

namespace evc::charging {
namespace {

constexpr const char* kDriver = "p1.mfzxa2lonrxw2zlsfqqho2lunb";
constexpr const char* kStranger = "p1.aaaaaaaaaaaaaaaaaaaaaaaaaa";

class RecordsTest : public ApiFixture {
 protected:
  RecordsTest() {
    database_.query(
        "INSERT INTO station (id, name, lat, lon, currency, per_kwh_minor, start_fee_minor, idle_per_minute_minor, "
        "grace_minutes) VALUES ('S', 'Posto', 0, 0, 'BRL', 100, 0, 0, 0)");
  }
  void session(const std::string& state, const std::string& reference, int minute) {
    const bool over = state == "CAPTURED" || state == "FAILED";
    database_.query(
        "WITH made AS (INSERT INTO session (id, puid, correlation_id, trace_id, span_id, station_id, station_name, "
        "connector_id, connector_type, connector_max_power_w, energy_limit_wh, currency, per_kwh_minor, "
        "start_fee_minor, idle_per_minute_minor, grace_minutes, hold_minor, reference, state, version, payment_method, "
        "created_at, updated_at, deadline_at) VALUES (gen_random_uuid(), '" +
        std::string(kDriver) +
        "', gen_random_uuid(), '4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7', 'S', 'Posto', 1, 'CCS2', 60000, "
        "30000, 'BRL', 100, 0, 0, 0, 3000, '" +
        reference + "', '" + state + "', 1, '{\"type\":\"simulated-pix\"}', timestamptz '2026-11-23 12:00Z' + " +
        std::to_string(minute) + " * interval '1 minute', now(), " + (over ? "NULL" : "now()") +
        ") RETURNING id) INSERT INTO session_timeline (session_id, version, state, at) SELECT id, 1, '" + state +
        "', now() FROM made");
  }
  http::Response ask(Task<http::Response> (*operation)(Api&, RequestContext&, http::Request&), const std::string& body,
                     const std::string& query = "") {
    http::Request request{
        .method = "POST", .target = "/internal/charging/records", .path = "/internal/charging/records"};
    request.headers.set("content-type", "application/json");
    request.query = http::Query::parse(query).value();
    request.body = body;
    Api charging = api();
    return evc::testing::run_task(worker_, operation(charging, context_, request));
  }
  static std::string about(const std::string& puid) { return R"({"userId":")" + puid + R"("})"; }
  json::Object records(const std::string& puid, const std::string& query = "") {
    return json::parse(ask(charging_records, about(puid), query).body)->as_object();
  }
};

TEST_F(RecordsTest, EveryChargeIsToldPageByPageWithItsTimeline) {
  session("CAPTURED", "a", 1);
  session("FAILED", "b", 2);
  session("CAPTURED", "c", 3);
  const json::Object first = records(kDriver, "limit=2");
  ASSERT_EQ(first.at("sessions").as_array().size(), 2U);
  const json::Object last = records(kDriver, "limit=2&cursor=" + std::string(first.at("nextCursor").as_string()));
  ASSERT_EQ(last.at("sessions").as_array().size(), 1U);
  EXPECT_FALSE(last.contains("nextCursor"));
  const json::Value& oldest = last.at("sessions").at(0);
  EXPECT_EQ(oldest.at("session").at("preauthorisation").at("reference"), "a");
  EXPECT_EQ(oldest.at("session").at("timeline").at(0).at("state"), "CAPTURED");
  EXPECT_EQ(oldest.at("paymentMethod").at("type"), "simulated-pix");
  EXPECT_EQ(records(kStranger).at("sessions").as_array().size(), 0U);
  EXPECT_EQ(ask(charging_records, "{}").status, 422);
}

TEST_F(RecordsTest, WhatHasNotEndedIsCounted) {
  session("CAPTURED", "a", 1);
  const auto open = [this](const char* puid) {
    return json::parse(ask(open_charges, about(puid)).body)->at("open").as_int64();
  };
  EXPECT_EQ(open(kDriver), 0);
  session("CHARGING", "b", 2);
  session("PREAUTH_UNKNOWN", "c", 3);
  EXPECT_EQ(open(kDriver), 2);
  EXPECT_EQ(open(kStranger), 0);
}

}  // namespace
}  // namespace evc::charging
