// What the stores answer, made ours; and which questions about metrics are passed on.
#include "services/gateway/domain/telemetry_views.hpp"

#include <gtest/gtest.h>

#include "services/gateway/domain/metrics_request.hpp"

namespace evc::gateway {
namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

json::Value span(const std::string& id, std::int64_t start, json::Array tags = {}, const std::string& parent = "") {
  json::Array references;
  if (!parent.empty())
    references.push_back(json::Object{{"refType", "CHILD_OF"}, {"traceID", kTrace}, {"spanID", parent}});
  return json::Object{
      {"traceID", kTrace}, {"spanID", id}, {"operationName", "work"}, {"startTime", start}, {"duration", 5},
      {"processID", "p1"}, {"tags", tags}, {"references", references}};
}

json::Value answer(json::Array spans) {
  return json::Object{{"data", json::Array{json::Object{
                                   {"spans", std::move(spans)},
                                   {"processes", json::Object{{"p1", json::Object{{"serviceName", "charging"}}}}}}}}};
}

TEST(TelemetryViews, SpansComeInOrderOfTheirStartWithTheirParents) {
  const json::Array tags{json::Object{{"key", "span.kind"}, {"value", "consumer"}},
                         json::Object{{"key", "error"}, {"value", true}},
                         json::Object{{"key", "messaging.kafka.offset"}, {"value", 7}}};
  const auto view = trace_view(
      kTrace, answer({span("00f067aa0ba902b7", 20, tags, "00f067aa0ba902b6"), span("00f067aa0ba902b6", 10)}));
  ASSERT_TRUE(view) << view.error().detail;
  const auto& spans = view->at("spans").as_array();
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].at("kind"), "internal");
  EXPECT_EQ(spans[1].at("parentSpanId"), "00f067aa0ba902b6");
  EXPECT_EQ(spans[1].at("kind"), "consumer");
  EXPECT_EQ(spans[1].at("failed"), true);
  EXPECT_EQ(spans[1].at("service"), "charging");
  EXPECT_EQ(spans[1].at("attributes").at("messaging.kafka.offset"), "7") << "every attribute is text";
}

TEST(TelemetryViews, WhatIsForeignIsBounded) {
  json::Array spans;
  for (std::size_t i = 0; i < kSpanLimit + 1; ++i)
    spans.push_back(span("00f067aa0ba902b6", static_cast<std::int64_t>(i)));
  json::Array tags{json::Object{{"key", "db.query.text"}, {"value", std::string(5'000, 'x')}}};
  for (int i = 0; i < 100; ++i) tags.push_back(json::Object{{"key", "a" + std::to_string(i)}, {"value", "b"}});
  spans[0].as_object()["tags"] = tags;
  const auto view = trace_view(kTrace, answer(std::move(spans)));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->at("spans").as_array().size(), kSpanLimit);
  EXPECT_EQ(view->at("truncated"), true);
  const auto& attributes = view->at("spans").at(0).at("attributes").as_object();
  EXPECT_EQ(attributes.size(), 64U);
  EXPECT_LE(attributes.at("db.query.text").as_string().size(), 2'000U);
}

TEST(TelemetryViews, ATraceThatIsNotThereAndAnAnswerThatIsNone) {
  EXPECT_EQ(trace_view(kTrace, answer({})).error().code, Code::kNotFound);
  EXPECT_EQ(trace_view(kTrace, json::Value("?")).error().code, Code::kProtocolError);
  EXPECT_TRUE(trace_view(kTrace, answer({span("00f067aa0ba902b6", 1), json::Value(7)})));
}

TEST(TelemetryViews, LinesAndEventsAreToldApart) {
  const auto view = records_view(
      R"({"_msg":"request served","_time":"2026-11-30T19:16:47.4Z","service.name":"user","severity_text":"INFO","span_id":"16267eded80184ca","duration_us":"5"})"
      "\n"
      R"({"_msg":"x","_time":"2026-11-30T19:16:48Z","service.name":"kafka","event.type":"ChargingSessionStarted","messaging.destination.name":"charging.events"})"
      "\n");
  ASSERT_TRUE(view);
  const auto& records = view->at("records").as_array();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].at("kind"), "log");
  EXPECT_EQ(records[0].at("spanId"), "16267eded80184ca");
  EXPECT_EQ(records[0].at("attributes").as_object().size(), 1U);
  EXPECT_EQ(records[1].at("kind"), "event");
  EXPECT_EQ(records[1].at("service"), "charging.events");
  EXPECT_EQ(records[1].at("text"), "ChargingSessionStarted");
  EXPECT_FALSE(records_view("not JSON"));
  std::string many;
  for (std::size_t i = 0; i < kRecordLimit + 1; ++i) many += "{}\n";
  EXPECT_EQ(records_view(many)->at("truncated"), true);
}

json::Value series(const std::string& client, const std::string& server, const std::string& value) {
  return json::Object{{"metric", json::Object{{"client", client}, {"server", server}}},
                      {"value", json::Array{1.0, value}}};
}

json::Value instant(json::Array result) {
  return json::Object{{"status", "success"},
                      {"data", json::Object{{"resultType", "vector"}, {"result", std::move(result)}}}};
}

TEST(TelemetryViews, TheMapSaysHowMuchFailsAndHowSlowItIs) {
  const auto view =
      service_map_view({.calls = instant({series("a", "b", "1"), series("b", "c", "4"), series("c", "d", "0")}),
                        .failures = instant({series("b", "c", "1")}),
                        .p95 = instant({series("b", "c", "0.25"), series("a", "b", "NaN")})});
  ASSERT_TRUE(view);
  const auto& edges = view->at("edges").as_array();
  ASSERT_EQ(edges.size(), 2U) << "an edge without calls is none";
  EXPECT_EQ(edges[0].at("client"), "b");
  EXPECT_EQ(edges[0].at("failedShare"), 0.25);
  EXPECT_EQ(edges[0].at("p95Ms"), 250.0);
  EXPECT_FALSE(edges[1].as_object().contains("p95Ms"));
  EXPECT_EQ(service_map_view({.calls = json::Object{}, .failures = instant({}), .p95 = instant({})}).error().code,
            Code::kUpstreamFailed);
}

TEST(TelemetryViews, AnExpressionThatIsNoneIsTheAskersFault) {
  const auto refused = metrics_view(400, json::Object{{"status", "error"}, {"error", "parse error"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kValidationFailed);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "?query");
  EXPECT_EQ(metrics_view(503, json::Object{}).error().code, Code::kUpstreamFailed);
  EXPECT_TRUE(metrics_view(200, instant({})));
}

TEST(MetricsRequest, OnlyBoundedQuestionsArePassedOn) {
  EXPECT_TRUE(check_expression("up"));
  EXPECT_FALSE(check_expression(std::nullopt));
  EXPECT_FALSE(check_expression(""));
  EXPECT_FALSE(check_expression(std::string(4'097, 'x')));
  EXPECT_TRUE(read_range({"1000", "1060.5", "15"}));
  EXPECT_FALSE(read_range({"1000", "999", "15"})) << "backwards";
  EXPECT_FALSE(read_range({"1000", "4000", "1"})) << "too many steps";
  EXPECT_FALSE(read_range({"0", "2678401", "86400"})) << "too long";
  EXPECT_FALSE(read_range({"1000", "1001", "0.5"})) << "too fine";
  EXPECT_FALSE(read_range({"1000", std::nullopt, "15"}));
  for (const char* bad : {"", "1e9", "-1", "nan", "inf", "0x1", " 1", "4102444801", "1&x=1"})
    EXPECT_FALSE(read_moment("?time", bad)) << bad;
}

}  // namespace
}  // namespace evc::gateway
