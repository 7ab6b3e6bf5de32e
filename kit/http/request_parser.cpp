#include "kit/http/request_parser.hpp"

#include <algorithm>
#include <array>

#include "kit/http/character_sets.hpp"
#include "kit/http/framing.hpp"

namespace evc::http {
namespace {

constexpr std::size_t kMethodBytes = 20;
constexpr std::size_t kReserveBytes = 64 * 1024;

// Repeated, each of these could be read in two ways.
constexpr std::array<std::string_view, 10> kSingleFields{
    "Host",   "Content-Length",  "Transfer-Encoding", "Authorization",   "Content-Type",
    "Expect", "Idempotency-Key", "traceparent",       "evc-deadline-ms", "Sec-WebSocket-Key"};

Result<void> parse_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first)
    return fail(Code::kBadRequest, "the request line has not three parts");
  const std::string_view method = line.substr(0, first);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method) || method.size() > kMethodBytes) return fail(Code::kBadRequest, "the method is not a token");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return fail(Code::kBadRequest, "only HTTP/1.1 is spoken here");
  head.method = method;
  head.target = line.substr(first + 1, last - first - 1);
  head.http10 = version == "HTTP/1.0";
  EVC_TRY(target, parse_target(head.target));
  head.path = std::move(target.path);
  head.query = std::move(target.query);
  return {};
}

Result<void> check_host(const Headers& headers) {
  constexpr std::size_t kHostBytes = 260;
  const auto host = headers.get("Host");
  if (!host) return fail(Code::kBadRequest, "the Host header is missing");
  const auto allowed = [](char c) {
    return is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == ':' || c == '[' || c == ']' || c == '_';
  };
  if (host->empty() || host->size() > kHostBytes || !std::ranges::all_of(*host, allowed))
    return fail(Code::kBadRequest, "the Host header is not a host");
  return {};
}

Result<void> check_fields(RequestHead& head) {
  for (const std::string_view name : kSingleFields) {
    const auto same = [name](const auto& field) { return equal_ignoring_case(field.first, name); };
    if (std::ranges::count_if(head.headers.all(), same) > 1)
      return fail(Code::kBadRequest, std::string(name) + " is given more than once");
  }
  EVC_CHECK(check_host(head.headers));
  EVC_TRY(framing, message_framing(head.headers, head.http10 ? Version::kHttp10 : Version::kHttp11));
  head.content_length = framing.content_length;
  head.chunked = framing.chunked;
  const std::string_view connection = head.headers.get("Connection").value_or("");
  head.keep_alive = !head.http10 && !list_contains(connection, "close");
  if (const auto expect = head.headers.get("Expect")) {
    if (!equal_ignoring_case(*expect, "100-continue"))
      return fail(Code::kBadRequest, "the only expectation that can be met is 100-continue");
    head.expects_continue = !head.http10;
  }
  return {};
}

}  // namespace

std::size_t RequestParser::feed(std::string_view bytes) {
  if (state_ == State::kHead) {
    auto taken = reader_.feed(bytes);
    if (!taken) return fail_with(std::move(taken).error()), 0;
    if (reader_.done()) finish_head();
    return *taken;
  }
  if (state_ != State::kBody) return 0;
  auto taken = body_reader_.feed(bytes, body_);
  if (!taken) return fail_with(std::move(taken).error()), 0;
  if (body_reader_.done()) state_ = State::kDone;
  return *taken;
}

void RequestParser::finish_head() {
  auto line = parse_request_line(reader_.first_line(), head_);
  if (!line) return fail_with(std::move(line).error());
  auto fields = reader_.fields();
  if (!fields) return fail_with(std::move(fields).error());
  head_.headers = std::move(*fields);
  auto checked = check_fields(head_);
  if (!checked) return fail_with(std::move(checked).error());
  state_ = State::kHeadDone;
}

void RequestParser::begin_body(std::size_t limit_bytes) {
  const std::uint64_t length = head_.content_length.value_or(0);
  if (length > limit_bytes)
    return fail_with({.code = Code::kPayloadTooLarge, .detail = "the body is larger than this route allows"});
  if (head_.chunked) {
    body_reader_.start_chunked(limit_bytes);
  } else {
    body_reader_.start_length(length);
    body_.reserve(std::min<std::size_t>(length, kReserveBytes));
  }
  state_ = body_reader_.done() ? State::kDone : State::kBody;
}

void RequestParser::fail_with(Error error) {
  error_ = std::move(error);
  state_ = State::kFailed;
}

void RequestParser::reset() {
  state_ = State::kHead;
  reader_.reset();
  head_ = {};
  body_.clear();
  error_ = {};
}

}  // namespace evc::http
