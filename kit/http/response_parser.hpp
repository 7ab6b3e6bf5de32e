// The strict reading of HTTP/1.1 responses as a state machine without I/O: same framing rules as for requests. A
// response needs a length or `chunked`; one that ends with the connection is refused, because a cut one could not be
// told from a whole one. Interim 1xx answers are skipped (at most 8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kit/http/body_reader.hpp"
#include "kit/http/head_reader.hpp"
#include "kit/http/message.hpp"

namespace evc::http {

struct ResponseHead {
  int status = 0;
  Headers headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
};

class ResponseParser {
 public:
  enum class State { kHead, kBody, kDone, kFailed };
  enum class ExpectBody { kByHeaders, kNone };  // kNone: the answer to HEAD
  // `body_limit_bytes` bounds the whole decoded body; a stream passes the largest size_t.
  ResponseParser(ExpectBody expect, std::size_t body_limit_bytes);

  // How many bytes were taken; it returns after the head, so that a caller can look at it before the body.
  std::size_t feed(std::string_view bytes);
  State state() const { return state_; }
  ResponseHead& head() { return head_; }
  // What was decoded since the last call of take_body().
  std::string take_body() { return std::exchange(body_, {}); }
  std::size_t body_bytes() const { return body_.size(); }
  const Error& error() const { return error_; }  // protocol-error

 private:
  void finish_head();
  void fail_with(std::string reason);
  Result<void> read_head();

  ExpectBody expect_;
  std::size_t limit_;
  State state_ = State::kHead;
  HeadReader reader_;
  BodyReader body_reader_;
  ResponseHead head_;
  std::string body_;
  Error error_;
  int interim_ = 0;
};

}  // namespace evc::http
