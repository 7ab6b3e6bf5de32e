#include "kit/base/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace evc {
namespace {

void split(std::string_view line, std::vector<std::string_view>& fields) {
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

Result<CsvTable> CsvTable::read(std::string_view text, std::string_view header) {
  CsvTable table;
  table.columns_ = static_cast<std::size_t>(std::ranges::count(header, ',')) + 1;
  for (std::size_t number = 1; number == 1 || !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number == 1) {
      if (line != header) return fail_field("/1", "the first line must be " + std::string(header));
      continue;
    }
    if (line.empty()) continue;
    const std::size_t before = table.fields_.size();
    split(line, table.fields_);
    const std::string pointer = "/" + std::to_string(number);
    if (line.contains('"')) return fail_field(pointer, "must have no quotes");
    if (table.fields_.size() - before != table.columns_)
      return fail_field(pointer, "must have " + std::to_string(table.columns_) + " fields");
    table.lines_.push_back(number);
  }
  return table;
}

Result<double> CsvTable::number(std::size_t row, std::size_t column) const {
  const std::string_view field = text(row, column);
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value))
    return fail_field(pointer(row), "not a number: " + std::string(field));
  return value;
}

}  // namespace evc
