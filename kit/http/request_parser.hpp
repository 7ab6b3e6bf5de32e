// The strict reading of HTTP/1.1 requests as a state machine without I/O. Every shape that makes two readers see
// different requests is refused: more than one framing header, transfer codings other than `chunked`, folded lines,
// bare line ends, trailers, chunk extensions, missing or repeated Host, targets that are not plain paths. The head is
// complete before the body begins, so nothing in the body can become a header. Bytes may arrive one by one; several
// requests may follow each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "kit/http/body_reader.hpp"
#include "kit/http/head_reader.hpp"
#include "kit/http/message.hpp"
#include "kit/http/target.hpp"

namespace evc::http {

struct RequestHead {
  std::string method;
  std::string target;  // as received
  std::string path;    // decoded
  Query query;
  Headers headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool http10 = false;
};

class RequestParser {
 public:
  enum class State {
    kHead,      // feed it
    kHeadDone,  // look at head(), then call begin_body()
    kBody,      // feed it
    kDone,      // take body(), then reset()
    kFailed,    // error() says why; the connection cannot go on
  };
  explicit RequestParser(HeadLimits limits = {}) : reader_(limits) {}

  // How many bytes were taken. It takes none in kHeadDone, kDone and kFailed.
  std::size_t feed(std::string_view bytes);
  State state() const { return state_; }
  bool begun() const { return state_ != State::kHead || reader_.begun(); }
  RequestHead& head() { return head_; }
  // A body announced as larger than the limit fails at once with payload-too-large; a chunked one as soon as it grows
  // beyond.
  void begin_body(std::size_t limit_bytes);
  std::string& body() { return body_; }
  const Error& error() const { return error_; }
  void reset();

 private:
  void finish_head();
  void fail_with(Error error);

  State state_ = State::kHead;
  HeadReader reader_;
  BodyReader body_reader_;
  RequestHead head_;
  std::string body_;
  Error error_;
};

}  // namespace evc::http
