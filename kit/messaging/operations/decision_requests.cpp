#include "kit/messaging/operations/decision_requests.hpp"

#include <algorithm>
#include <set>

#include "kit/messaging/operations/query.hpp"
#include "kit/messaging/plain_text.hpp"

namespace evc::messaging {
namespace {

constexpr std::size_t kReasonLimit = 500;
constexpr std::size_t kKeyLimit = 255;
constexpr std::size_t kTopicLimit = 100;
constexpr std::int64_t kLargestSequence = 9'007'199'254'740'991;

std::size_t characters_in(std::string_view text) {
  const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U; };
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues));
}

// A reason of spaces is none.
Result<void> check_reason(const std::string& reason) {
  const bool says_something = reason.find_first_not_of(" \t\r\n") != std::string::npos;
  if (!says_something || characters_in(reason) > kReasonLimit || !is_plain_text(reason))
    return fail_field("/reason", "1 to 500 characters that say why");
  return {};
}

Result<void> check_place(const std::string& topic, const std::string& key) {
  if (topic.empty() || topic.size() > kTopicLimit || !is_plain_text(topic)) return fail_field("/topic", "a topic");
  if (key.empty() || key.size() > kKeyLimit || !is_plain_text(key)) return fail_field("/key", "1 to 255 characters");
  return {};
}

Result<void> check_sequence(const char* pointer, std::int64_t sequence) {
  if (sequence < 1 || sequence > kLargestSequence) return fail_field(pointer, "a sequence, from 1");
  return {};
}

}  // namespace

Result<LettersRequest> letters_in_dry_run(const http::Request& request) {
  EVC_TRY(body, http::body_as<LettersRequest>(request));
  const std::set<Uuid> distinct(body.event_ids.begin(), body.event_ids.end());
  if (body.event_ids.empty() || body.event_ids.size() > kListLimit || distinct.size() != body.event_ids.size())
    return fail_field("/eventIds", "1 to 200 different ids");
  if (body.reason) EVC_CHECK(check_reason(*body.reason));
  return body;
}

Result<LettersRequest> letters_in(const http::Request& request) {
  EVC_TRY(body, letters_in_dry_run(request));
  if (!body.reason) return fail_field("/reason", "is required");
  return body;
}

Result<GapRequest> gap_in(const http::Request& request) {
  EVC_TRY(body, http::body_as<GapRequest>(request));
  EVC_CHECK(check_place(body.topic, body.key));
  EVC_CHECK(check_sequence("/missingFrom", body.missing_from));
  EVC_CHECK(check_sequence("/missingTo", body.missing_to));
  if (body.missing_to < body.missing_from) return fail_field("/missingTo", "not before missingFrom");
  EVC_CHECK(check_reason(body.reason));
  return body;
}

Result<ParkedEventRequest> parked_event_in(const http::Request& request) {
  EVC_TRY(body, http::body_as<ParkedEventRequest>(request));
  EVC_CHECK(check_place(body.topic, body.key));
  EVC_CHECK(check_sequence("/sequence", body.sequence));
  EVC_CHECK(check_reason(body.reason));
  return body;
}

Result<ParkedKeyRequest> parked_key_in(const http::Request& request) {
  EVC_TRY(body, http::body_as<ParkedKeyRequest>(request));
  EVC_CHECK(check_place(body.topic, body.key));
  EVC_CHECK(check_reason(body.reason));
  return body;
}

}  // namespace evc::messaging
