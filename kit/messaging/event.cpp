#include "kit/messaging/event.hpp"

#include <charconv>

namespace evc::messaging {

namespace {

constexpr std::string_view kContentType = "application/json";

std::unexpected<Error> invalid(std::string detail) {
  return fail(Code::kSchemaInvalid, std::move(detail));
}

Result<std::string> header(const kafka::Record& record, std::string_view name) {
  const auto value = record.header(name);
  if (!value || value->empty()) return invalid("header " + std::string(name) + " is missing");
  return std::string(*value);
}

Result<std::string> text(const json::Object& value, std::string_view name) {
  const auto* member = value.if_contains(name);
  if (!member || !member->is_string()) return invalid("member " + std::string(name) + " is missing or not a string");
  return std::string(member->as_string());
}

// The member, which must say the same as the header.
Result<std::string> agreed(const kafka::Record& record, std::string_view header_name, const json::Object& value,
                           std::string_view member_name) {
  EVC_TRY(in_header, header(record, header_name));
  EVC_TRY(in_value, text(value, member_name));
  if (in_header != in_value)
    return invalid("header " + std::string(header_name) + " and member " + std::string(member_name) + " disagree");
  return in_value;
}

Result<Uuid> agreed_uuid(const kafka::Record& record, std::string_view header_name, const json::Object& value,
                         std::string_view member_name) {
  EVC_TRY(id, agreed(record, header_name, value, member_name));
  auto uuid = parse_uuid(id);
  if (!uuid) return invalid("member " + std::string(member_name) + " is not a UUID");
  return *uuid;
}

Result<std::int64_t> agreed_sequence(const kafka::Record& record, const json::Object& value) {
  EVC_TRY(in_header, header(record, "ce_sequence"));
  std::int64_t sequence = 0;
  const auto* end = in_header.data() + in_header.size();
  const auto parsed = std::from_chars(in_header.data(), end, sequence);
  if (parsed.ec != std::errc() || parsed.ptr != end || sequence < 1)
    return invalid("header ce_sequence is not a count");
  const auto* member = value.if_contains("sequence");
  if (!member || !member->is_int64() || member->as_int64() != sequence)
    return invalid("header ce_sequence and member sequence disagree");
  return sequence;
}

Result<telemetry::TraceContext> agreed_trace(const kafka::Record& record, const std::string& trace_id) {
  EVC_TRY(traceparent, header(record, "traceparent"));
  auto trace = telemetry::TraceContext::parse(traceparent, record.header("tracestate").value_or(""));
  if (!trace) return invalid("header traceparent is malformed");
  if (trace->trace_id_hex() != trace_id) return invalid("header traceparent and member traceId disagree");
  return *trace;
}

Result<void> check_envelope(const kafka::Record& record) {
  EVC_TRY(version, header(record, "ce_specversion"));
  if (version != "1.0") return invalid("header ce_specversion is not 1.0");
  EVC_TRY(content_type, header(record, "content-type"));
  if (content_type != kContentType) return invalid("header content-type is not application/json");
  EVC_CHECK(header(record, "ce_source"));
  EVC_CHECK(header(record, "ce_dataschema"));
  EVC_TRY(partition_key, header(record, "ce_partitionkey"));
  if (partition_key != record.key) return invalid("header ce_partitionkey is not the record's key");
  return {};
}

}  // namespace

kafka::Record to_record(const Event& event, std::string_view source, std::string_view data_schema) {
  const std::string id = to_string(event.event_id);
  const std::string time = format_rfc3339(event.occurred_at);
  const std::string correlation = to_string(event.correlation_id);
  json::Object value{{"eventId", id},
                     {"eventType", event.event_type},
                     {"occurredAt", time},
                     {"correlationId", correlation},
                     {"traceId", event.trace_id},
                     {"userId", event.user_id ? json::Value(*event.user_id) : json::Value(nullptr)},
                     {"sequence", event.sequence},
                     {"data", event.data}};
  kafka::Record record{.topic = event.topic,
                       .key = event.key,
                       .value = json::serialize(value),
                       .headers = {{"ce_specversion", "1.0"},
                                   {"ce_id", id},
                                   {"ce_type", event.event_type},
                                   {"ce_source", std::string(source)},
                                   {"ce_time", time},
                                   {"ce_subject", event.subject},
                                   {"ce_partitionkey", event.key},
                                   {"ce_correlationid", correlation}},
                       .timestamp = event.occurred_at};
  auto& headers = record.headers;
  if (event.causation_id) headers.emplace_back("ce_causationid", to_string(*event.causation_id));
  headers.emplace_back("ce_sequence", std::to_string(event.sequence));
  headers.emplace_back("ce_dataschema", std::string(data_schema));
  headers.emplace_back("content-type", std::string(kContentType));
  headers.emplace_back("traceparent", event.creation.traceparent());
  if (!event.creation.trace_state.empty()) headers.emplace_back("tracestate", event.creation.trace_state);
  return record;
}

Result<Event> from_record(const kafka::Record& record) {
  EVC_CHECK(check_envelope(record));
  const auto parsed = json::parse(record.value);
  if (!parsed) return invalid("the value is not JSON: " + parsed.error().detail);
  if (!parsed->is_object()) return invalid("the value is not an object");
  const auto& value = parsed->as_object();

  Event event{.topic = record.topic, .key = record.key};
  EVC_TRY(event_id, agreed_uuid(record, "ce_id", value, "eventId"));
  event.event_id = event_id;
  EVC_TRY(type, agreed(record, "ce_type", value, "eventType"));
  event.event_type = std::move(type);
  EVC_TRY(time, agreed(record, "ce_time", value, "occurredAt"));
  const auto occurred_at = parse_rfc3339(time);
  if (!occurred_at) return invalid("member occurredAt is not a time");
  event.occurred_at = *occurred_at;
  EVC_TRY(correlation, agreed_uuid(record, "ce_correlationid", value, "correlationId"));
  event.correlation_id = correlation;
  EVC_TRY(trace_id, text(value, "traceId"));
  EVC_TRY(creation, agreed_trace(record, trace_id));
  event.trace_id = std::move(trace_id);
  event.creation = creation;
  EVC_TRY(sequence, agreed_sequence(record, value));
  event.sequence = sequence;
  EVC_TRY(subject, header(record, "ce_subject"));
  event.subject = std::move(subject);
  if (const auto causation = record.header("ce_causationid")) {
    const auto id = parse_uuid(*causation);
    if (!id) return invalid("header ce_causationid is not a UUID");
    event.causation_id = *id;
  }
  const auto* user = value.if_contains("userId");
  if (!user || !(user->is_string() || user->is_null())) return invalid("member userId is missing or not a pseudonym");
  if (user->is_string()) event.user_id = std::string(user->as_string());
  const auto* data = value.if_contains("data");
  if (!data || !data->is_object()) return invalid("member data is missing or not an object");
  event.data = data->as_object();
  return event;
}

}  // namespace evc::messaging
