// Encodings, digests and random bytes on byte strings. Decoders are strict: no padding where the form has none, no
// foreign characters, no non-canonical trailing bits.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace evc {

using Digest = std::array<std::uint8_t, 32>;

std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);  // without padding (RFC 7515)
std::optional<std::string> base64url_decode(std::string_view text);
std::string base32_encode_lower(std::string_view bytes);  // RFC 4648 alphabet in lower case, without padding

Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view bytes);
inline std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
// Takes the same time wherever the two differ; false at once only for different lengths.
bool equal_constant_time(std::string_view a, std::string_view b);

// From the operating system's generator; ends the program if that fails, because nothing safe can be done without it.
std::string random_bytes(std::size_t count);
std::uint64_t random_u64();

}  // namespace evc
