#include "kit/messaging/header_bytes.hpp"

#include <optional>

namespace evc::messaging {

namespace {

void append(std::string& bytes, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((size >> shift) & 0xff);
  bytes += text;
}

std::optional<std::string> take(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::uint32_t size = 0;
  for (int i = 0; i < 4; ++i) size = (size << 8) | static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(i)]);
  bytes.remove_prefix(4);
  if (bytes.size() < size) return std::nullopt;
  std::string text(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return text;
}

}  // namespace

std::string encode_headers(const kafka::Headers& headers) {
  std::string bytes;
  for (const auto& [name, value] : headers) {
    append(bytes, name);
    append(bytes, value);
  }
  return bytes;
}

Result<kafka::Headers> decode_headers(std::string_view bytes) {
  kafka::Headers headers;
  while (!bytes.empty()) {
    auto name = take(bytes);
    auto value = name ? take(bytes) : std::nullopt;
    if (!value) return fail(Code::kProtocolError, "stored headers are cut short");
    headers.emplace_back(std::move(*name), std::move(*value));
  }
  return headers;
}

}  // namespace evc::messaging
