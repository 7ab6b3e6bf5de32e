#include "kit/messaging/plain_text.hpp"

#include "kit/base/bytes.hpp"
#include "kit/http/character_sets.hpp"

namespace evc::messaging {
namespace {

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

}  // namespace

bool is_plain_text(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos && http::is_utf8(bytes);
}

std::string plain_text(std::string_view bytes, std::size_t limit) {
  std::string text;
  if (is_plain_text(bytes)) {
    text = bytes;
  } else {
    for (const char byte : bytes) {
      const bool printable = byte >= ' ' && byte <= '~' && byte != '\\';
      text += printable ? std::string(1, byte) : "\\x" + hex_encode(std::string_view(&byte, 1));
    }
  }
  if (text.size() <= limit) return text;
  while (limit > 0 && continues_character(text[limit])) --limit;
  text.resize(limit);
  return text;
}

}  // namespace evc::messaging
