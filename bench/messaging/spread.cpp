#include "bench/messaging/spread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace evc::bench {

namespace {

constexpr std::array kBounds{1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000};

double rounded(double value) {
  return std::round(value * 100) / 100;
}

}  // namespace

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

json::Object spread(const std::vector<double>& ms) {
  json::Object histogram;
  std::size_t below = 0;
  for (const int bound : kBounds) {
    const auto within =
        static_cast<std::size_t>(std::ranges::count_if(ms, [=](double value) { return value <= bound; }));
    histogram[std::to_string(bound)] = within - below;
    below = within;
  }
  histogram["more"] = ms.size() - below;
  return {{"count", ms.size()},
          {"p50", rounded(percentile(ms, 0.5))},
          {"p90", rounded(percentile(ms, 0.9))},
          {"p95", rounded(percentile(ms, 0.95))},
          {"p99", rounded(percentile(ms, 0.99))},
          {"max", rounded(percentile(ms, 1))},
          {"histogram", std::move(histogram)}};
}

std::string one_line(const json::Object& spread) {
  const auto number = [&spread](const char* name) { return spread.at(name).to_number<double>(); };
  return fmt::format("{:>6} events: p50 {:.1f} ms, p90 {:.1f}, p95 {:.1f}, p99 {:.1f}, max {:.1f}",
                     spread.at("count").to_number<int>(), number("p50"), number("p90"), number("p95"), number("p99"),
                     number("max"));
}

}  // namespace evc::bench
