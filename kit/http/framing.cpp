#include "kit/http/framing.hpp"

#include <algorithm>

#include "kit/http/character_sets.hpp"

namespace evc::http {
namespace {

constexpr std::size_t kLengthDigits = 15;

Result<std::optional<std::string_view>> single(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> value;
  for (const auto& [field, text] : headers.all()) {
    if (!equal_ignoring_case(field, name)) continue;
    if (value) return fail(Code::kBadRequest, std::string(name) + " is given more than once");
    value = text;
  }
  return value;
}

Result<std::uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > kLengthDigits || !std::ranges::all_of(text, is_digit)) {
    return fail(Code::kBadRequest, "Content-Length is not a decimal number");
  }
  std::uint64_t length = 0;
  for (const char c : text) length = length * 10 + static_cast<unsigned>(c - '0');
  return length;
}

}  // namespace

Result<Framing> message_framing(const Headers& headers, Version version) {
  EVC_TRY(coding, single(headers, "Transfer-Encoding"));
  EVC_TRY(length, single(headers, "Content-Length"));
  if (coding) {
    if (length) return fail(Code::kBadRequest, "Transfer-Encoding and Content-Length together");
    if (version == Version::kHttp10) return fail(Code::kBadRequest, "HTTP/1.0 has no Transfer-Encoding");
    if (!equal_ignoring_case(*coding, "chunked"))
      return fail(Code::kBadRequest, "the only transfer coding is `chunked`");
    return Framing{.chunked = true};
  }
  if (!length) return Framing{};
  EVC_TRY(bytes, parse_length(*length));
  return Framing{.content_length = bytes};
}

}  // namespace evc::http
