#include "kit/http/character_sets.hpp"

#include <algorithm>

namespace evc::http {

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, is_field_char);
}

namespace {

// How many continuation bytes follow `lead`, and the smallest code point that may be written so; −1: not a lead byte.
struct Sequence {
  int continuations;
  std::uint32_t bits;
  std::uint32_t smallest;
};

Sequence sequence_of(unsigned char lead) {
  if (lead < 0x80) return {0, lead, 0};
  if ((lead & 0xE0) == 0xC0) return {1, lead & 0x1FU, 0x80};
  if ((lead & 0xF0) == 0xE0) return {2, lead & 0x0FU, 0x800};
  if ((lead & 0xF8) == 0xF0) return {3, lead & 0x07U, 0x10000};
  return {-1, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Sequence sequence = sequence_of(static_cast<unsigned char>(text[at++]));
    if (sequence.continuations < 0) return false;
    std::uint32_t point = sequence.bits;
    for (int i = 0; i < sequence.continuations; ++i) {
      if (at == text.size()) return false;
      const auto byte = static_cast<unsigned char>(text[at++]);
      if ((byte & 0xC0) != 0x80) return false;
      point = (point << 6) | (byte & 0x3FU);
    }
    if (point < sequence.smallest || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
  }
  return true;
}

bool is_clean_text(std::string_view text) {
  const bool controls =
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  return !controls && is_utf8(text);
}

bool list_contains(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equal_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace evc::http
