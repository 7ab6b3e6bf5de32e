#include "services/auth/webauthn/cbor.hpp"

#include <limits>

namespace evc::auth_service {
namespace {

constexpr std::size_t kLimitBytes = 16 * 1024;
constexpr std::size_t kLimitItems = 512;
constexpr int kLimitDepth = 8;

enum MajorType : unsigned { kUnsigned, kNegative, kByteString, kTextString, kArrayOf, kMapOf, kTag, kSimple };

std::unexpected<Error> malformed(const char* reason) {
  return fail(Code::kBadRequest, std::string("CBOR: ") + reason);
}

// How many bytes a sequence has that begins so, and the least code point that needs as many; 0: none begins so.
struct Utf8Start {
  std::size_t length;
  std::uint32_t first_bits, least;
};
Utf8Start utf8_start(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Start start = utf8_start(static_cast<unsigned char>(text.front()));
    if (start.length == 0 || start.length > text.size()) return false;
    std::uint32_t point = start.first_bits;
    for (std::size_t i = 1; i < start.length; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if ((byte & 0xC0U) != 0x80U) return false;
      point = point << 6U | (byte & 0x3FU);
    }
    if (point < start.least || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    text.remove_prefix(start.length);
  }
  return true;
}

bool same_key(const CborValue& a, const CborValue& b) {
  return a.kind == b.kind && a.integer == b.integer && a.bytes == b.bytes;
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}
  std::string_view rest() const { return rest_; }

  Result<CborValue> item(int depth) {
    if (depth > kLimitDepth) return malformed("nested too deeply");
    if (++items_ > kLimitItems) return malformed("too many items");
    if (rest_.empty()) return malformed("ends too early");
    const auto first = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    const unsigned major = first >> 5U;
    if (major == kSimple) return simple(first & 0x1FU);
    EVC_TRY(argument, argument_of(first & 0x1FU));
    switch (major) {
      case kUnsigned:
        return number(argument, false);
      case kNegative:
        return number(argument, true);
      case kByteString:
      case kTextString:
        return string(argument, major == kTextString);
      case kArrayOf:
        return array(argument, depth);
      case kMapOf:
        return map(argument, depth);
      default:
        return malformed("tags are not taken");
    }
  }

 private:
  static Result<CborValue> simple(unsigned info) {
    constexpr unsigned kFalseInfo = 20;
    constexpr unsigned kTrueInfo = 21;
    constexpr unsigned kNullInfo = 22;
    if (info == kFalseInfo) return CborValue{.kind = CborValue::Kind::kFalse};
    if (info == kTrueInfo) return CborValue{.kind = CborValue::Kind::kTrue};
    if (info == kNullInfo) return CborValue{.kind = CborValue::Kind::kNull};
    return malformed("floating point and other simple values are not taken");
  }

  // RFC 8949 §4.2.1: the shortest form, and no other.
  Result<std::uint64_t> argument_of(unsigned info) {
    constexpr unsigned kOneByte = 24;
    constexpr unsigned kEightBytes = 27;
    if (info < kOneByte) return info;
    if (info > kEightBytes) return malformed("indefinite lengths are not taken");
    const std::size_t width = std::size_t{1} << (info - kOneByte);
    if (rest_.size() < width) return malformed("ends too early");
    std::uint64_t value = 0;
    for (const char byte : rest_.substr(0, width)) value = value << 8U | static_cast<unsigned char>(byte);
    rest_.remove_prefix(width);
    const std::uint64_t least = width == 1 ? kOneByte : std::uint64_t{1} << (4 * width);
    if (value < least) return malformed("longer than it need be");
    return value;
  }

  static Result<CborValue> number(std::uint64_t argument, bool negative) {
    if (argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return malformed("a number is too large");
    const auto value = static_cast<std::int64_t>(argument);
    return CborValue{.kind = CborValue::Kind::kInteger, .integer = negative ? -1 - value : value};
  }

  Result<CborValue> string(std::uint64_t length, bool text) {
    if (length > rest_.size()) return malformed("ends too early");
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (text && !is_utf8(bytes)) return malformed("a text is not UTF-8");
    return CborValue{.kind = text ? CborValue::Kind::kText : CborValue::Kind::kBytes, .bytes = bytes};
  }

  // Nothing is reserved for what a length merely says: each item takes at least a byte.
  Result<CborValue> array(std::uint64_t count, int depth) {
    if (count > rest_.size()) return malformed("ends too early");
    CborValue array{.kind = CborValue::Kind::kArray};
    for (std::uint64_t i = 0; i < count; ++i) {
      EVC_TRY(member, item(depth + 1));
      array.items.push_back(std::move(member));
    }
    return array;
  }

  Result<CborValue> map(std::uint64_t count, int depth) {
    if (count > rest_.size()) return malformed("ends too early");
    CborValue map{.kind = CborValue::Kind::kMap};
    for (std::uint64_t i = 0; i < count; ++i) {
      EVC_TRY(key, item(depth + 1));
      if (key.kind != CborValue::Kind::kInteger && key.kind != CborValue::Kind::kText)
        return malformed("a key is neither a number nor a text");
      for (std::size_t at = 0; at < map.items.size(); at += 2)
        if (same_key(map.items[at], key)) return malformed("a key comes twice");
      EVC_TRY(value, item(depth + 1));
      map.items.push_back(std::move(key));
      map.items.push_back(std::move(value));
    }
    return map;
  }

  std::string_view rest_;
  std::size_t items_ = 0;
};

const CborValue* value_of(const CborValue& map, const CborValue& key) {
  if (map.kind != CborValue::Kind::kMap) return nullptr;
  for (std::size_t at = 0; at + 1 < map.items.size(); at += 2)
    if (same_key(map.items[at], key)) return &map.items[at + 1];
  return nullptr;
}

}  // namespace

const CborValue* CborValue::find(std::int64_t key) const {
  return value_of(*this, {.kind = Kind::kInteger, .integer = key});
}

const CborValue* CborValue::find(std::string_view key) const {
  return value_of(*this, {.kind = Kind::kText, .bytes = key});
}

Result<DecodedCbor> decode_cbor_front(std::string_view bytes) {
  if (bytes.size() > kLimitBytes) return malformed("too large");
  Decoder decoder(bytes);
  EVC_TRY(value, decoder.item(1));
  return DecodedCbor{.value = std::move(value), .length = bytes.size() - decoder.rest().size()};
}

Result<CborValue> decode_cbor(std::string_view bytes) {
  EVC_TRY(decoded, decode_cbor_front(bytes));
  if (decoded.length != bytes.size()) return malformed("something follows it");
  return std::move(decoded.value);
}

}  // namespace evc::auth_service
