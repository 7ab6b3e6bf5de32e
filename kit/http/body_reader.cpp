#include "kit/http/body_reader.hpp"

#include <algorithm>

#include "kit/http/character_sets.hpp"

namespace evc::http {

namespace {
constexpr int kSizeDigits = 8;
}

void BodyReader::start_length(std::uint64_t length) {
  left_ = length;
  state_ = length == 0 ? State::kDone : State::kLength;
}

void BodyReader::start_chunked(std::size_t limit_bytes) {
  limit_ = limit_bytes;
  left_ = 0;
  total_ = 0;
  digits_ = 0;
  state_ = State::kSize;
}

Result<std::size_t> BodyReader::feed(std::string_view bytes, std::string& out) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ != State::kDone) {
    if (state_ == State::kLength || state_ == State::kData) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - taken));
      out.append(bytes.substr(taken, count));
      taken += count;
      left_ -= count;
      if (left_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kDataReturn;
    } else {
      EVC_CHECK(framing_byte(bytes[taken]));
      ++taken;
    }
  }
  return taken;
}

Result<void> BodyReader::framing_byte(char c) {
  switch (state_) {
    case State::kSize:
      return size_byte(c);
    case State::kSizeEnd:
      return expect(c, '\n', left_ == 0 ? State::kTrailer : State::kData);
    case State::kDataReturn:
      return expect(c, '\r', State::kDataEnd);
    case State::kDataEnd:
      digits_ = 0;
      return expect(c, '\n', State::kSize);
    case State::kTrailer:
      if (c != '\r') return fail(Code::kBadRequest, "trailers are not accepted");
      state_ = State::kTrailerEnd;
      return {};
    default:
      return expect(c, '\n', State::kDone);
  }
}

Result<void> BodyReader::size_byte(char c) {
  const int value = hex_value(c);
  if (value >= 0) {
    if (++digits_ > kSizeDigits) return fail(Code::kBadRequest, "a chunk size of too many digits");
    left_ = left_ * 16 + static_cast<unsigned>(value);
    return {};
  }
  if (digits_ == 0) return fail(Code::kBadRequest, "a chunk without a size");
  if (c == ';') return fail(Code::kBadRequest, "chunk extensions are not accepted");
  total_ += left_;
  if (total_ > limit_) return fail(Code::kPayloadTooLarge, "the body is larger than this route allows");
  return expect(c, '\r', State::kSizeEnd);
}

Result<void> BodyReader::expect(char c, char wanted, State next) {
  if (c != wanted) return fail(Code::kBadRequest, "a chunk is not framed by CR LF");
  state_ = next;
  return {};
}

}  // namespace evc::http
