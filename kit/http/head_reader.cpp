#include "kit/http/head_reader.hpp"

#include "kit/http/character_sets.hpp"

namespace evc::http {

Result<std::size_t> HeadReader::feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done_) {
    const std::size_t stop = bytes.find_first_of("\r\n", taken);
    // A CR that ended the last piece must be followed by LF.
    if (!text_.empty() && text_.back() == '\r' && bytes[taken] != '\n')
      return fail(Code::kBadRequest, "a carriage return without a line feed");
    if (stop == std::string_view::npos) {
      text_.append(bytes.substr(taken));
      taken = bytes.size();
    } else {
      text_.append(bytes.substr(taken, stop + 1 - taken));
      taken = stop + 1;
      if (bytes[stop] == '\n') {
        if (text_.size() < 2 || text_[text_.size() - 2] != '\r')
          return fail(Code::kBadRequest, "a line feed without a carriage return");
        const std::size_t end = text_.size() - 2;
        done_ = end == line_start_;
        if (!done_) ends_.push_back(end);
        if (done_ && ends_.empty()) return fail(Code::kBadRequest, "the first line is empty");
        line_start_ = text_.size();
      }
    }
    EVC_CHECK(check_limits());
  }
  return taken;
}

Result<void> HeadReader::check_limits() const {
  const std::size_t first = ends_.empty() ? text_.size() : ends_.front();
  if (first > limits_.first_line_bytes) return fail(Code::kUriTooLong, "the first line is too long");
  if (text_.size() - first > limits_.header_bytes + 4)
    return fail(Code::kHeadersTooLarge, "the header section is too large");
  if (ends_.size() > limits_.header_count + 1) return fail(Code::kHeadersTooLarge, "too many header lines");
  return {};
}

std::string_view HeadReader::line(std::size_t index) const {
  const std::size_t start = index == 0 ? 0 : ends_[index - 1] + 2;
  return std::string_view(text_).substr(start, ends_[index] - start);
}

Result<Headers> HeadReader::fields() const {
  Headers headers;
  for (std::size_t i = 1; i < ends_.size(); ++i) {
    const std::string_view text = line(i);
    if (text.front() == ' ' || text.front() == '\t') return fail(Code::kBadRequest, "a folded header line");
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return fail(Code::kBadRequest, "a header line without a colon");
    const std::string_view name = text.substr(0, colon);
    if (!is_token(name)) return fail(Code::kBadRequest, "a header name with characters that are not allowed");
    const std::string_view value = trim(text.substr(colon + 1));
    if (!is_field_value(value)) return fail(Code::kBadRequest, "a header value with characters that are not allowed");
    headers.add(name, value);
  }
  return headers;
}

void HeadReader::reset() {
  text_.clear();
  ends_.clear();
  line_start_ = 0;
  done_ = false;
}

}  // namespace evc::http
