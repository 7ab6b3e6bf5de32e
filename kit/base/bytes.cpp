#include "kit/base/bytes.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cerrno>
#include <utility>

#include "kit/base/assert.hpp"

namespace evc {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Groups of `bits` bits from the front of `bytes`, the last one filled with zero bits.
std::string encode_groups(std::string_view bytes, std::string_view alphabet, unsigned bits) {
  std::string text;
  text.reserve((bytes.size() * 8 + bits - 1) / bits);
  std::uint32_t buffer = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<std::uint8_t>(c);
    held += 8;
    while (held >= bits) {
      held -= bits;
      text.push_back(alphabet[(buffer >> held) & ((1U << bits) - 1)]);
    }
    buffer &= (1U << held) - 1;
  }
  if (held > 0) text.push_back(alphabet[(buffer << (bits - held)) & ((1U << bits) - 1)]);
  return text;
}

struct Inverse {
  explicit constexpr Inverse(std::string_view alphabet) {
    for (auto& value : values) value = -1;
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
      values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
  }
  std::array<std::int8_t, 256> values{};
};

// `text` without padding. A trailing partial byte must be zero bits, else two texts would mean the same bytes.
std::optional<std::string> decode_base64(std::string_view text, const Inverse& inverse) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  unsigned held = 0;
  for (const char c : text) {
    const int value = inverse.values[static_cast<std::uint8_t>(c)];
    if (value < 0) return std::nullopt;
    buffer = (buffer << 6) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<char>((buffer >> held) & 0xFF));
    }
    buffer &= (1U << held) - 1;
  }
  if (buffer != 0) return std::nullopt;
  return bytes;
}

void fill_random(void* into, std::size_t count) {
  auto* out = static_cast<char*>(into);
  while (count > 0) {
    const ssize_t got = getrandom(out, count, 0);
    if (got < 0 && errno == EINTR) continue;
    EVC_ASSERT(got > 0);
    out += got;
    count -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::string hex_encode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 0xF]);
  }
  return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

std::string base64_encode(std::string_view bytes) {
  std::string text = encode_groups(bytes, kBase64, 6);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  static constexpr Inverse inverse{kBase64};
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  return decode_base64(text, inverse);
}

std::string base64url_encode(std::string_view bytes) {
  return encode_groups(bytes, kBase64Url, 6);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  static constexpr Inverse inverse{kBase64Url};
  return decode_base64(text, inverse);
}

std::string base32_encode_lower(std::string_view bytes) {
  return encode_groups(bytes, kBase32, 5);
}

Digest sha256(std::string_view bytes) {
  // Fetched once: OpenSSL 3 looks the algorithm up anew on every call otherwise, which costs more than a short digest.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Digest digest;
  unsigned size = 0;
  EVC_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) == 1);
  EVC_ASSERT(size == digest.size());
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  Digest digest;
  unsigned size = 0;
  // An empty key must not be a null pointer: OpenSSL would take that as "the key of the call before".
  const char* key_data = key.empty() ? "" : key.data();
  EVC_ASSERT(HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()),
                  reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size) != nullptr);
  EVC_ASSERT(size == digest.size());
  return digest;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  fill_random(bytes.data(), count);
  return bytes;
}

std::uint64_t random_u64() {
  // Ids and jitter ask often: one system call serves 32 of them. Each value is given out once and wiped.
  thread_local std::array<std::uint64_t, 32> pool;
  thread_local std::size_t left = 0;
  if (left == 0) {
    fill_random(pool.data(), sizeof(pool));
    left = pool.size();
  }
  return std::exchange(pool[--left], 0);
}

}  // namespace evc
