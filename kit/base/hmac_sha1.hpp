// HMAC-SHA-1 for one-time passwords alone: RFC 6238 is what authenticator apps speak, and the weakness of SHA-1 does
// not touch its HMAC. Everything else uses hmac_sha256 of bytes.hpp. Pure, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace evc {

std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view bytes);

}  // namespace evc
