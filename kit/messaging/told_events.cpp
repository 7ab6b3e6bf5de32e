#include "kit/messaging/told_events.hpp"

#include <limits>
#include <optional>

#include "kit/messaging/outbox_reader.hpp"

namespace evc::messaging {
namespace {

// What an event's value says of itself.
struct Envelope {
  Uuid event_id;
  std::string event_type;
  WallTime occurred_at{};
  std::string trace_id;
  std::int64_t sequence = 0;
  json::Value data;
};
BOOST_DESCRIBE_STRUCT(Envelope, (), (event_id, event_type, occurred_at, trace_id, sequence, data))

}  // namespace

std::optional<json::Object> told_event(const HeldEvent& event) {
  auto said = json::decode_text<Envelope>(event.record.value, json::Unknown::kIgnore);
  if (!said || !said->data.is_object()) return std::nullopt;
  return json::Object{{"eventId", to_string(said->event_id)},
                      {"type", said->event_type},
                      {"topic", event.record.topic},
                      {"sequence", said->sequence},
                      {"occurredAt", format_rfc3339(said->occurred_at)},
                      {"traceId", said->trace_id},
                      {"data", std::move(said->data)}};
}

Task<Result<json::Array>> told_events(RequestContext& context, postgres::Pool& pool, std::string topic,
                                      std::string key) {
  EVC_CO_TRY(held, co_await read_held(context, pool,
                                      {.topic = std::move(topic),
                                       .key = std::move(key),
                                       .from = 1,
                                       .to = std::numeric_limits<std::int64_t>::max()}));
  json::Array events;
  for (const HeldEvent& event : held.events) {
    if (auto told = told_event(event)) events.push_back(std::move(*told));
  }
  co_return events;
}

}  // namespace evc::messaging
