#include "kit/http/target.hpp"

#include <algorithm>

#include "kit/http/character_sets.hpp"

namespace evc::http {

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kSpace) {
      decoded.push_back(' ');
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(Code::kBadRequest, "a broken percent-encoding");
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  if (!is_clean_text(decoded)) return fail(Code::kBadRequest, "the target holds control characters or is not UTF-8");
  return decoded;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(kHex[byte >> 4]);
      encoded.push_back(kHex[byte & 15]);
    }
  }
  return encoded;
}

namespace {

Result<std::string> decode_path(std::string_view raw) {
  std::string path;
  while (!raw.empty()) {
    raw.remove_prefix(1);  // the slash
    const std::size_t slash = raw.find('/');
    EVC_TRY(segment, percent_decode(raw.substr(0, slash), Plus::kLiteral));
    if (segment == "." || segment == "..") return fail(Code::kBadRequest, "dot segments are not accepted");
    if (segment.find_first_of("/\\") != std::string::npos)
      return fail(Code::kBadRequest, "encoded slashes are not accepted");
    path.append("/").append(segment);
    raw.remove_prefix(slash == std::string_view::npos ? raw.size() : slash);
  }
  return path;
}

}  // namespace

Result<Target> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return fail(Code::kBadRequest, "the target is not a path");
  if (!std::ranges::all_of(target, is_target_char))
    return fail(Code::kBadRequest, "the target has characters that are not allowed");
  const std::size_t mark = target.find('?');
  EVC_TRY(path, decode_path(target.substr(0, mark)));
  if (mark == std::string_view::npos) return Target{std::move(path), {}};
  EVC_TRY(query, Query::parse(target.substr(mark + 1)));
  return Target{std::move(path), std::move(query)};
}

}  // namespace evc::http
