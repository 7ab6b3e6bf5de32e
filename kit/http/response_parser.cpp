#include "kit/http/response_parser.hpp"

#include "kit/http/character_sets.hpp"
#include "kit/http/framing.hpp"

namespace evc::http {
namespace {

constexpr HeadLimits kLimits{.first_line_bytes = 1024, .header_bytes = 64 * 1024, .header_count = 200};
constexpr int kInterimAnswers = 8;

// "HTTP/1.1 200 OK"; the reason phrase may be missing or empty.
Result<int> parse_status_line(std::string_view line) {
  constexpr std::size_t kReasonAt = 12;
  const bool shaped = line.size() >= kReasonAt && line.starts_with("HTTP/1.1 ") && is_digit(line[9]) &&
                      is_digit(line[10]) && is_digit(line[11]) && (line.size() == kReasonAt || line[kReasonAt] == ' ');
  if (!shaped) return fail(Code::kProtocolError, "the status line is malformed");
  const int status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (status < 100 || status > 599) return fail(Code::kProtocolError, "the status is out of range");
  return status;
}

}  // namespace

ResponseParser::ResponseParser(ExpectBody expect, std::size_t body_limit_bytes)
    : expect_(expect), limit_(body_limit_bytes), reader_(kLimits) {}

std::size_t ResponseParser::feed(std::string_view bytes) {
  if (state_ == State::kHead) {
    const auto taken = reader_.feed(bytes);
    if (!taken) return fail_with(taken.error().detail), 0;
    if (reader_.done()) finish_head();
    return *taken;
  }
  if (state_ != State::kBody) return 0;
  const auto taken = body_reader_.feed(bytes, body_);
  if (!taken) return fail_with(taken.error().detail), 0;
  if (body_reader_.done()) state_ = State::kDone;
  return *taken;
}

void ResponseParser::finish_head() {
  const auto read = read_head();
  if (!read) return fail_with(read.error().detail);
  if (head_.status < 200) {
    if (head_.status == 101 || ++interim_ > kInterimAnswers)
      return fail_with("an interim answer that was not asked for");
    reader_.reset();
    head_ = {};
    return;
  }
  const bool bodiless = expect_ == ExpectBody::kNone || head_.status == 204 || head_.status == 304;
  if (bodiless) {
    state_ = State::kDone;
    return;
  }
  if (head_.chunked) {
    body_reader_.start_chunked(limit_);
  } else if (head_.content_length) {
    if (*head_.content_length > limit_) return fail_with("the answer is too large");
    body_reader_.start_length(*head_.content_length);
  } else {
    return fail_with("the answer has no length");
  }
  state_ = body_reader_.done() ? State::kDone : State::kBody;
}

Result<void> ResponseParser::read_head() {
  EVC_TRY(status, parse_status_line(reader_.first_line()));
  EVC_TRY(fields, reader_.fields());
  EVC_TRY(framing, message_framing(fields, Version::kHttp11));
  head_.status = status;
  head_.content_length = framing.content_length;
  head_.chunked = framing.chunked;
  head_.keep_alive = !list_contains(fields.get("Connection").value_or(""), "close");
  head_.headers = std::move(fields);
  return {};
}

void ResponseParser::fail_with(std::string reason) {
  error_ = {.code = Code::kProtocolError, .detail = std::move(reason)};
  state_ = State::kFailed;
}

}  // namespace evc::http
