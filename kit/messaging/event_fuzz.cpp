// libFuzzer over what consumers read from Kafka: headers as bytes, and records. What is accepted as an event is written
// as a record that is the same event.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kit/messaging/event.hpp"
#include "kit/messaging/header_bytes.hpp"

namespace {

using namespace evc;

void require(bool holds) {
  if (!holds) std::abort();
}

void headers(std::string_view bytes) {
  const auto decoded = messaging::decode_headers(bytes);
  if (decoded) require(messaging::encode_headers(*decoded) == bytes);
}

// Lines "name:value" are the headers, after an empty line comes the value.
kafka::Record record_of(std::string_view text) {
  kafka::Record record{.topic = "charging.events", .key = "k"};
  for (;;) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (end == std::string_view::npos || line.empty()) break;
    const auto colon = std::min(line.find(':'), line.size() - 1);
    record.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) record.value = text.substr(1);
  return record;
}

void record(std::string_view text) {
  const auto event = messaging::from_record(record_of(text));
  if (!event) return;
  auto again = messaging::to_record(*event, "/services/charging", "schema");
  const auto same = messaging::from_record(again);
  require(same.has_value());
  require(same->event_id == event->event_id && same->event_type == event->event_type &&
          same->sequence == event->sequence && same->user_id == event->user_id && same->subject == event->subject);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0) {
    headers(rest);
  } else {
    record(rest);
  }
  return 0;
}
