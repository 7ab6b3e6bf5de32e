// A table written as CSV: a header that must be exactly the expected one, no quoting, lines that end with or without a
// carriage return, empty lines between them allowed. Every error is validation-failed with the line as its pointer
// ("/7"). A table refers to the text it was read from, which must live as long.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"

namespace evc {

class CsvTable {
 public:
  // Refused: another header, a row with more or fewer fields than it has, a quote.
  static Result<CsvTable> read(std::string_view text, std::string_view header);

  std::size_t size() const { return lines_.size(); }
  std::string_view text(std::size_t row, std::size_t column) const { return fields_[row * columns_ + column]; }
  // Finite, and nothing else in the field.
  Result<double> number(std::size_t row, std::size_t column) const;
  // Where the row stands in the text.
  std::string pointer(std::size_t row) const { return "/" + std::to_string(lines_[row]); }

 private:
  std::size_t columns_ = 0;
  std::vector<std::string_view> fields_;
  std::vector<std::size_t> lines_;
};

}  // namespace evc
