// Decodes a message body, of a given length or chunked, from bytes that may arrive one by one. Strict: no chunk
// extensions and no trailers, since both are places where two readers disagree and no client of ours needs them. Pure.
// Limit: the decoded size, given at the start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc::http {

class BodyReader {
 public:
  void start_length(std::uint64_t length);
  void start_chunked(std::size_t limit_bytes);

  // How many bytes were taken; decoded bytes are appended to `out`. bad-request or payload-too-large.
  Result<std::size_t> feed(std::string_view bytes, std::string& out);
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State { kLength, kSize, kSizeEnd, kData, kDataReturn, kDataEnd, kTrailer, kTrailerEnd, kDone };
  Result<void> framing_byte(char c);
  Result<void> size_byte(char c);
  Result<void> expect(char c, char wanted, State next);

  State state_ = State::kDone;
  std::uint64_t left_ = 0;   // of the body (kLength) or of the chunk
  std::uint64_t total_ = 0;  // decoded so far, chunk headers counted when they are complete
  std::size_t limit_ = 0;
  int digits_ = 0;
};

}  // namespace evc::http
