#include "kit/http/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "kit/base/assert.hpp"
#include "kit/http/character_sets.hpp"

namespace evc::http {

bool is_connection_header(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames{
      "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Expect"};
  return starts_with_ignoring_case(name, "proxy-") ||
         std::ranges::any_of(kNames, [name](std::string_view known) { return equal_ignoring_case(name, known); });
}

namespace {

void append_fields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers.all()) {
    if (is_connection_header(name)) continue;
    if (!is_token(name) || !is_field_value(value)) {
      EVC_BUG("a header that would split the message was left out");
      continue;
    }
    out.append(name).append(": ").append(value).append("\r\n");
  }
}

void append_length(std::string& out, BodyLength length) {
  if (length.kind == BodyLength::Kind::kLength)
    out.append("Content-Length: ").append(std::to_string(length.bytes)).append("\r\n");
  if (length.kind == BodyLength::Kind::kChunked) out.append("Transfer-Encoding: chunked\r\n");
}

}  // namespace

std::string response_head(int status, const Headers& headers, BodyLength length, Persistence persistence) {
  std::string out;
  out.reserve(1024);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", status, reason_phrase(status), http_date());
  append_fields(out, headers);
  append_length(out, length);
  if (persistence == Persistence::kClose) out.append("Connection: close\r\n");
  out.append("\r\n");
  return out;
}

std::string request_head(std::string_view method, std::string_view target, std::string_view host,
                         const Headers& headers, BodyLength length) {
  std::string out;
  out.reserve(1024);
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  append_fields(out, headers);
  append_length(out, length);
  out.append("\r\n");
  return out;
}

std::string chunk(std::string_view bytes) {
  if (bytes.empty()) return "0\r\n\r\n";
  std::string out = fmt::format("{:x}\r\n", bytes.size());
  out.append(bytes).append("\r\n");
  return out;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

std::string_view http_date() {
  thread_local std::time_t second = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    second = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> buffer{};
    text.assign(buffer.data(), std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }
  return text;
}

}  // namespace evc::http
