#include "kit/messaging/held_events.hpp"

#include "kit/base/bytes.hpp"
#include "kit/messaging/header_bytes.hpp"

namespace evc::messaging {
namespace {

struct EventForm {
  std::int64_t sequence = 0;
  Uuid event_id;
  bool discarded = false;
  WallTime recorded_at{};
  std::string headers;  // base64
  std::string value;    // base64
};
BOOST_DESCRIBE_STRUCT(EventForm, (), (sequence, event_id, discarded, recorded_at, headers, value))

struct AnswerForm {
  std::int64_t until = 0;
  std::vector<EventForm> events;
};
BOOST_DESCRIBE_STRUCT(AnswerForm, (), (until, events))

Result<HeldEvent> event_of(EventForm form, const MissingEvents& asked) {
  const auto header_bytes = base64_decode(form.headers);
  auto value = base64_decode(form.value);
  if (!header_bytes || !value) return fail(Code::kProtocolError, "a held event is not base64");
  EVC_TRY(headers, decode_headers(*header_bytes));
  return HeldEvent{.sequence = form.sequence,
                   .event_id = form.event_id,
                   .discarded = form.discarded,
                   .record = {.topic = asked.topic,
                              .key = asked.key,
                              .value = std::move(*value),
                              .headers = std::move(headers),
                              .timestamp = form.recorded_at}};
}

}  // namespace

json::Value encode_held(const HeldEvents& held) {
  AnswerForm form{.until = held.until};
  for (const auto& event : held.events)
    form.events.push_back({.sequence = event.sequence,
                           .event_id = event.event_id,
                           .discarded = event.discarded,
                           .recorded_at = event.record.timestamp,
                           .headers = base64_encode(encode_headers(event.record.headers)),
                           .value = base64_encode(event.record.value)});
  return json::encode(form);
}

Result<HeldEvents> decode_held(const json::Value& answer, const MissingEvents& asked) {
  auto form = json::decode<AnswerForm>(answer, json::Unknown::kIgnore);
  if (!form) return fail(Code::kProtocolError, "the answer about held events has another form");
  if (form->until < asked.from || form->until > asked.to)
    return fail(Code::kProtocolError, "the answer about held events speaks of others");
  HeldEvents held{.until = form->until};
  std::int64_t before = asked.from - 1;
  for (auto& each : form->events) {
    if (each.sequence <= before || each.sequence > form->until)
      return fail(Code::kProtocolError, "held events are out of order");
    before = each.sequence;
    EVC_TRY(event, event_of(std::move(each), asked));
    held.events.push_back(std::move(event));
  }
  return held;
}

}  // namespace evc::messaging
