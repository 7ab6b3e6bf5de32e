// Collects the head of an HTTP message: lines that end in CR LF, up to the empty one. Refuses a bare CR or LF at once,
// because two readers that end a line at different places see different requests. Pure; bytes may arrive one by one.
// Limits are given by the owner.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/http/message.hpp"

namespace evc::http {

struct HeadLimits {
  std::size_t first_line_bytes = 8 * 1024;
  std::size_t header_bytes = 32 * 1024;  // all header lines together
  std::size_t header_count = 100;
};

class HeadReader {
 public:
  explicit HeadReader(HeadLimits limits) : limits_(limits) {}

  // How many bytes were taken; it stops behind the empty line. uri-too-long, headers-too-large or bad-request.
  Result<std::size_t> feed(std::string_view bytes);
  bool done() const { return done_; }
  bool begun() const { return !text_.empty(); }
  std::string_view first_line() const { return line(0); }
  // The header lines as a checked list: token names without a space before the colon, no folding, no foreign bytes in
  // values.
  Result<Headers> fields() const;
  void reset();

 private:
  std::string_view line(std::size_t index) const;
  Result<void> check_limits() const;

  HeadLimits limits_;
  std::string text_;
  std::vector<std::size_t> ends_;  // where each line's CR stands
  std::size_t line_start_ = 0;
  bool done_ = false;
};

}  // namespace evc::http
