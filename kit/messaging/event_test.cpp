#include "kit/messaging/event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/messaging/header_bytes.hpp"

namespace evc::messaging {
namespace {

using ::testing::HasSubstr;

Event sample() {
  const auto creation =
      telemetry::TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "v=1");
  return {.event_id = *parse_uuid("0198b6a0-0000-7000-8000-000000000001"),
          .event_type = "ChargingSessionStarted",
          .occurred_at = *parse_rfc3339("2026-11-23T17:04:05.123Z"),
          .correlation_id = *parse_uuid("0198b6a0-0000-7000-8000-000000000002"),
          .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
          .user_id = "p1.abc",
          .sequence = 3,
          .data = {{"sessionId", "s"}},
          .topic = "charging.events",
          .key = "s",
          .subject = "s",
          .causation_id = *parse_uuid("0198b6a0-0000-7000-8000-000000000003"),
          .creation = *creation};
}

kafka::Record sample_record() {
  return to_record(sample(), "/services/charging", "urn:evcosta:schema:x:1");
}

std::string& header(kafka::Record& record, std::string_view name) {
  for (auto& [each, content] : record.headers)
    if (each == name) return content;
  throw std::runtime_error("no such header");
}

TEST(EventRecord, HeadersAndValueAreTheContracts) {
  const auto record = sample_record();
  const kafka::Headers expected{{"ce_specversion", "1.0"},
                                {"ce_id", "0198b6a0-0000-7000-8000-000000000001"},
                                {"ce_type", "ChargingSessionStarted"},
                                {"ce_source", "/services/charging"},
                                {"ce_time", "2026-11-23T17:04:05.123Z"},
                                {"ce_subject", "s"},
                                {"ce_partitionkey", "s"},
                                {"ce_correlationid", "0198b6a0-0000-7000-8000-000000000002"},
                                {"ce_causationid", "0198b6a0-0000-7000-8000-000000000003"},
                                {"ce_sequence", "3"},
                                {"ce_dataschema", "urn:evcosta:schema:x:1"},
                                {"content-type", "application/json"},
                                {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
                                {"tracestate", "v=1"}};
  EXPECT_EQ(record.headers, expected);
  EXPECT_EQ(record.value,
            R"({"eventId":"0198b6a0-0000-7000-8000-000000000001","eventType":"ChargingSessionStarted",)"
            R"("occurredAt":"2026-11-23T17:04:05.123Z","correlationId":"0198b6a0-0000-7000-8000-000000000002",)"
            R"("traceId":"4bf92f3577b34da6a3ce929d0e0e4736","userId":"p1.abc","sequence":3,"data":{"sessionId":"s"}})");
}

TEST(EventRecord, WhatIsReadIsWhatWasWritten) {
  const auto event = from_record(sample_record());
  ASSERT_TRUE(event) << event.error().detail;
  const auto expected = sample();
  EXPECT_EQ(event->event_id, expected.event_id);
  EXPECT_EQ(event->event_type, expected.event_type);
  EXPECT_EQ(event->occurred_at, expected.occurred_at);
  EXPECT_EQ(event->correlation_id, expected.correlation_id);
  EXPECT_EQ(event->causation_id, expected.causation_id);
  EXPECT_EQ(event->user_id, expected.user_id);
  EXPECT_EQ(event->sequence, 3);
  EXPECT_EQ(event->data, expected.data);
  EXPECT_EQ(event->subject, "s");
  EXPECT_EQ(event->creation.traceparent(), expected.creation.traceparent());
}

TEST(EventRecord, NobodyIsAllowedWhereNoPersonIsConcerned) {
  auto event = sample();
  event.user_id.reset();
  const auto read = from_record(to_record(event, "/s", "urn:x"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->user_id, std::nullopt);
}

TEST(EventRecord, UnknownMembersOfTheValueAreLeftAlone) {
  auto record = sample_record();
  record.value.insert(1, R"("future":1,)");
  EXPECT_TRUE(from_record(record));
}

// Every header that repeats the value is changed alone, and every required one removed: always refused.
TEST(EventRecord, DisagreementsAreRefused) {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"ce_specversion", "0.3"},
      {"ce_id", "0198b6a0-0000-7000-8000-00000000000f"},
      {"ce_type", "ChargingSessionEnded"},
      {"ce_time", "2026-11-23T17:04:05.124Z"},
      {"ce_partitionkey", "other"},
      {"ce_correlationid", "0198b6a0-0000-7000-8000-00000000000f"},
      {"ce_causationid", "not-a-uuid"},
      {"ce_sequence", "4"},
      {"ce_sequence", "3x"},
      {"content-type", "text/plain"},
      {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01"},
      {"traceparent", "00-nonsense"}};
  for (const auto& [name, content] : changes) {
    auto record = sample_record();
    header(record, name) = content;
    const auto event = from_record(record);
    ASSERT_FALSE(event) << name << "=" << content;
    EXPECT_EQ(event.error().code, Code::kSchemaInvalid);
    EXPECT_THAT(event.error().detail, HasSubstr(name));
  }
  for (const char* name :
       {"ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_partitionkey",
        "ce_correlationid", "ce_sequence", "ce_dataschema", "content-type", "traceparent"}) {
    auto record = sample_record();
    std::erase_if(record.headers, [&](const auto& each) { return each.first == name; });
    EXPECT_FALSE(from_record(record)) << name;
  }
}

TEST(EventRecord, BrokenValuesAreRefused) {
  for (const char* broken : {"", "null", "[]", "{", R"({"eventId":1})"}) {
    auto record = sample_record();
    record.value = broken;
    const auto event = from_record(record);
    ASSERT_FALSE(event) << broken;
    EXPECT_EQ(event.error().code, Code::kSchemaInvalid);
  }
}

TEST(HeaderBytes, OrderRepetitionsAndEveryByteSurvive) {
  const kafka::Headers headers{{"b", std::string("\0\xff", 2)}, {"a", ""}, {"b", "again"}, {"", "nameless"}};
  const auto decoded = decode_headers(encode_headers(headers));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, headers);
  EXPECT_TRUE(decode_headers("")->empty());
}

TEST(HeaderBytes, BytesThatAreCutShortAreRefused) {
  const auto bytes = encode_headers({{"name", "value"}});
  for (std::size_t size = 1; size < bytes.size(); ++size) EXPECT_FALSE(decode_headers(bytes.substr(0, size))) << size;
}

struct Reading {
  std::string session_id;
  std::int64_t meter_wh = 0;
};
BOOST_DESCRIBE_STRUCT(Reading, (), (session_id, meter_wh))

TEST(EventData, IsReadIntoAStructThatNeedNotKnowAllOfIt) {
  Event event = sample();
  event.data = {{"sessionId", "s"}, {"meterWh", 5}, {"newer", true}};
  const auto data = data_as<Reading>(event);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->meter_wh, 5);
}

TEST(EventData, EveryWrongMemberIsNamed) {
  Event event = sample();
  event.data = {{"meterWh", "much"}};
  const auto data = data_as<Reading>(event);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, Code::kSchemaInvalid);
  EXPECT_THAT(data.error().detail, HasSubstr("ChargingSessionStarted "));
  EXPECT_THAT(data.error().detail, HasSubstr("/sessionId: "));
  EXPECT_THAT(data.error().detail, HasSubstr("/meterWh: "));
}

}  // namespace
}  // namespace evc::messaging
