#include "services/registry/domain/subject.hpp"

#include <algorithm>
#include <charconv>

#include "contracts/events.hpp"

namespace evc::registry_service {
namespace {

constexpr std::size_t kNameLimit = 63;
constexpr std::uint32_t kVersionLimit = 9999;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_topic(std::string_view text) {
  return !text.empty() && text.size() <= kNameLimit && is_lower(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_lower(c) || c == '.'; });
}

bool is_type(std::string_view text) {
  return !text.empty() && text.size() <= kNameLimit && is_upper(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_lower(c) || is_upper(c); });
}

}  // namespace

Result<Subject> parse_subject(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || !is_topic(text.substr(0, dash)) || !is_type(text.substr(dash + 1)))
    return fail(Code::kNotFound, "a subject is <topic>-<eventType>");
  return Subject{.topic = std::string(text.substr(0, dash)), .type = std::string(text.substr(dash + 1))};
}

Result<std::uint32_t> parse_version(std::string_view text) {
  std::uint32_t version = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, version);
  const bool plain = !text.empty() && text.front() != '0' && parsed.ec == std::errc() && parsed.ptr == end;
  if (!plain || version > kVersionLimit) return fail(Code::kNotFound, "versions count 1, 2, 3 …");
  return version;
}

std::string reference_of(const Subject& subject, std::uint32_t version) {
  return "urn:evcosta:schema:" + subject.name() + ":" + std::to_string(version);
}

bool may_register(std::string_view peer, const Subject& subject) {
  const auto* topic = contracts::find_topic(subject.topic);
  return topic != nullptr && topic->producer == peer;
}

}  // namespace evc::registry_service
