// An event: CloudEvents 1.0 binary headers around a JSON value that repeats the essentials, so that a stored event
// explains itself. Headers and value must agree; from_record() refuses what does not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/uuid.hpp"
#include "kit/kafka/record.hpp"
#include "kit/telemetry/trace_context.hpp"

namespace evc::messaging {

struct Event {
  Uuid event_id;
  std::string event_type;
  WallTime occurred_at{};
  Uuid correlation_id;
  std::string trace_id;                // 32 hex
  std::optional<std::string> user_id;  // the pseudonym, null for kinds that concern no person
  std::int64_t sequence = 0;           // 1, 2, 3 … per (topic, key)
  json::Object data;

  // from the record and its headers
  std::string topic;
  std::string key;
  std::string subject;  // ce_subject: what is parked together (the session, or the connector)
  std::optional<Uuid> causation_id;
  telemetry::TraceContext creation;  // the context of the `create` span
};

// `source` is ce_source, `data_schema` ce_dataschema. The record has no partition and no offset yet.
kafka::Record to_record(const Event& event, std::string_view source, std::string_view data_schema);
// schema-invalid with the reason when headers and value disagree or the envelope is broken. Unknown members of the
// value are left alone: a newer producer may have added them.
Result<Event> from_record(const kafka::Record& record);

// The event's data as a described struct; members that the struct does not have are left alone. schema-invalid, with
// every wrong member by its pointer in the detail, which is what a dead letter shows.
template <class T>
Result<T> data_as(const Event& event) {
  auto data = json::decode<T>(json::Value(event.data), json::Unknown::kIgnore);
  if (data) return data;
  std::string detail = event.event_type;
  for (const FieldError& field : data.error().fields) detail += " " + field.pointer + ": " + field.detail;
  return fail(Code::kSchemaInvalid, std::move(detail));
}

}  // namespace evc::messaging
