// Which bytes HTTP allows where (RFC 9110 §5.6.2, RFC 9112 §3.2, RFC 3986), in the strict reading: what is not listed
// is refused. Text that leaves the parser is UTF-8 without control characters.
#pragma once

#include <cstdint>
#include <string_view>

namespace evc::http {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool is_token_char(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Header values: visible ASCII, space and tab. Bytes above 0x7E have no agreed meaning there and are refused.
constexpr bool is_field_char(char c) {
  return (c >= 0x20 && c <= 0x7E) || c == '\t';
}

// Request targets: unreserved, sub-delims, ":@/?%" of RFC 3986 and the brackets that query strings of old habit carry.
constexpr bool is_target_char(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("-._~!$&'()*+,;=:@/?%[]").find(c) != std::string_view::npos;
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

constexpr bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Non-empty and token characters only.
bool is_token(std::string_view text);
bool is_field_value(std::string_view text);
// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
// UTF-8 without control characters (C0 and DEL).
bool is_clean_text(std::string_view text);
// Whether `list`, a comma-separated header value, has `token` in any case.
bool list_contains(std::string_view list, std::string_view token);

}  // namespace evc::http
