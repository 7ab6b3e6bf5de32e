#include "kit/registry/reference.hpp"

#include <algorithm>
#include <charconv>

namespace evc::registry {
namespace {

constexpr std::string_view kPrefix = "urn:evcosta:schema:";

// The subject becomes part of a request's target: nothing but these may stand there.
bool is_subject(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == 0 || dash == std::string_view::npos || dash + 1 == text.size() || text.size() > 128) return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-'; });
}

}  // namespace

Result<Reference> parse_reference(std::string_view data_schema) {
  const auto malformed = [] { return fail(Code::kValidationFailed, "not urn:evcosta:schema:<subject>:<version>"); };
  if (!data_schema.starts_with(kPrefix)) return malformed();
  const std::string_view rest = data_schema.substr(kPrefix.size());
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || !is_subject(rest.substr(0, colon))) return malformed();
  const std::string_view digits = rest.substr(colon + 1);
  std::uint32_t version = 0;
  const auto* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, version);
  if (digits.empty() || digits.front() == '0' || parsed.ec != std::errc() || parsed.ptr != end) return malformed();
  return Reference{.subject = std::string(rest.substr(0, colon)), .version = version};
}

std::string to_string(const Reference& reference) {
  return std::string(kPrefix) + reference.subject + ":" + std::to_string(reference.version);
}

}  // namespace evc::registry
