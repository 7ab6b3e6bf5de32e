// Which questions about metrics are passed on: an expression of at most 4,096 bytes, at one moment, or over at most 31
// days in at most 2,000 steps. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc::gateway {

inline constexpr std::size_t kExpressionLimit = 4'096;
inline constexpr double kLongestRangeS = 31 * 86'400.0;
inline constexpr double kMostSteps = 2'000;

Result<void> check_expression(std::optional<std::string_view> expression);

// Unix seconds; nullopt: not given.
Result<std::optional<double>> read_moment(std::string_view pointer, std::optional<std::string_view> text);

struct MetricsRange {
  double start_s = 0, end_s = 0, step_s = 0;
};
struct RangeTexts {
  std::optional<std::string_view> start, end, step;
};
Result<MetricsRange> read_range(const RangeTexts& texts);

}  // namespace evc::gateway
