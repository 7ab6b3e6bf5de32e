// Reads big-endian fields from a message without ever leaving it: once something is missing, every read gives zero and
// good() is false.
#pragma once

#include <cstdint>
#include <string_view>

namespace evc::postgres {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool good() const { return good_; }
  std::size_t remaining() const { return rest_.size(); }

  char character() {
    const std::string_view field = bytes(1);
    return good_ ? field.front() : '\0';
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  std::string_view bytes(std::size_t count) {
    if (!good_ || count > rest_.size()) {
      good_ = false;
      return {};
    }
    const std::string_view field = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return field;
  }
  // Up to a NUL, which is taken too.
  std::string_view c_string() {
    const std::size_t end = good_ ? rest_.find('\0') : std::string_view::npos;
    if (end == std::string_view::npos) {
      good_ = false;
      return {};
    }
    const std::string_view field = bytes(end);
    rest_.remove_prefix(1);
    return field;
  }

 private:
  std::uint64_t big_endian(std::size_t width) {
    std::uint64_t value = 0;
    for (const char byte : bytes(width)) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace evc::postgres
