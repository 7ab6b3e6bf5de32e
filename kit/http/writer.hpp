// Writes heads of HTTP/1.1 messages from values, never from received bytes. A name or value that could end a line is
// left out and reported as a bug: it would split the message.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "kit/http/message.hpp"

namespace evc::http {

struct BodyLength {
  enum class Kind { kNone, kLength, kChunked } kind = Kind::kNone;
  std::size_t bytes = 0;
};

// Headers that frame the message or the connection (Content-Length, Transfer-Encoding, Connection, Keep-Alive, Upgrade,
// TE, Trailer, Proxy-*): the writer decides them itself.
bool is_connection_header(std::string_view name);

enum class Persistence { kKeepAlive, kClose };

std::string response_head(int status, const Headers& headers, BodyLength length, Persistence persistence);
std::string request_head(std::string_view method, std::string_view target, std::string_view host,
                         const Headers& headers, BodyLength length);
// One chunk with its frame; the empty chunk ends the body.
std::string chunk(std::string_view bytes);
std::string_view reason_phrase(int status);
// "Mon, 23 Nov 2026 20:39:30 GMT", computed once per second and thread.
std::string_view http_date();

}  // namespace evc::http
