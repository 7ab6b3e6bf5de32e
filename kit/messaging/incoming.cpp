#include "kit/messaging/incoming.hpp"

#include <charconv>

#include "kit/messaging/plain_text.hpp"

namespace evc::messaging {

namespace {

// Key, subject and type stand in columns and log lines.
void make_plain(Event& event) {
  for (auto* part : {&event.key, &event.subject, &event.event_type})
    if (!is_plain_text(*part)) *part = plain_text(*part);
}

}  // namespace

Incoming read_incoming(kafka::Record record) {
  auto event = from_record(record);
  if (event) {
    make_plain(*event);
    Incoming incoming{.event = std::move(*event)};
    incoming.record = std::move(record);
    return incoming;
  }
  // What can be told of it all the same. Without an id of its own it gets one that is the same at every redelivery.
  Incoming incoming{.defect = std::move(event).error()};
  auto& partial = incoming.event;
  const auto id = parse_uuid(record.header("ce_id").value_or(""));
  partial.event_id =
      id ? *id
         : uuid_v5(Uuid{}, record.topic + "/" + std::to_string(record.partition) + "/" + std::to_string(record.offset));
  partial.event_type = std::string(record.header("ce_type").value_or("unknown"));
  partial.topic = record.topic;
  partial.key = record.key;
  partial.subject = std::string(record.header("ce_subject").value_or(record.key));
  const auto sequence = record.header("ce_sequence").value_or("");
  std::from_chars(sequence.data(), sequence.data() + sequence.size(), partial.sequence);
  if (partial.sequence < 0) partial.sequence = 0;
  if (auto creation = telemetry::TraceContext::parse(record.header("traceparent").value_or("")))
    partial.creation = std::move(*creation);
  make_plain(partial);
  incoming.record = std::move(record);
  return incoming;
}

}  // namespace evc::messaging
