// How long a message's body is, decided from its headers alone and in one way only (RFC 9112 §6.3, read strictly).
#pragma once

#include <cstdint>
#include <optional>

#include "kit/base/result.hpp"
#include "kit/http/message.hpp"

namespace evc::http {

enum class Version { kHttp10, kHttp11 };

struct Framing {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
};

// bad-request for two lengths, a length beside a transfer coding, a coding other than exactly `chunked`, a coding in
// HTTP/1.0, a length that is not digits.
Result<Framing> message_framing(const Headers& headers, Version version);

}  // namespace evc::http
