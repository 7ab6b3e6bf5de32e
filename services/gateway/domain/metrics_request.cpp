#include "services/gateway/domain/metrics_request.hpp"

#include <charconv>
#include <cmath>

namespace evc::gateway {
namespace {

constexpr double kLastSecond = 4'102'444'800;  // 2100-01-01

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

Result<double> required_moment(std::string_view pointer, std::optional<std::string_view> text) {
  EVC_TRY(moment, read_moment(pointer, text));
  if (!moment) return fail_field(std::string(pointer), "is required");
  return *moment;
}

}  // namespace

Result<void> check_expression(std::optional<std::string_view> expression) {
  if (!expression || expression->empty() || expression->size() > kExpressionLimit)
    return fail_field("?query", "1 to 4096 bytes");
  return {};
}

Result<std::optional<double>> read_moment(std::string_view pointer, std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  const auto value = number(*text);
  if (!value || *value < 0 || *value > kLastSecond) return fail_field(std::string(pointer), "Unix seconds");
  return *value;
}

Result<MetricsRange> read_range(const RangeTexts& texts) {
  EVC_TRY(start, required_moment("?start", texts.start));
  EVC_TRY(end, required_moment("?end", texts.end));
  const auto step = texts.step ? number(*texts.step) : std::nullopt;
  if (!step || *step < 1 || *step > 86'400) return fail_field("?step", "1 to 86400 seconds");
  if (end < start) return fail_field("?end", "not before start");
  if (end - start > kLongestRangeS) return fail_field("?end", "at most 31 days after start");
  if ((end - start) / *step > kMostSteps) return fail_field("?step", "at most 2000 steps");
  return MetricsRange{start, end, *step};
}

}  // namespace evc::gateway
