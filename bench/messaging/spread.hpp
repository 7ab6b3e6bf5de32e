// How a set of durations is spread: percentiles and a histogram with fixed bounds, as text for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "kit/base/json.hpp"

namespace evc::bench {

// Of an unsorted set; 0 for an empty one.
double percentile(std::vector<double> values, double share);
// {"count", "p50", "p90", "p95", "p99", "max", "histogram": {"1": count of those at most 1 ms, …, "more": …}}
json::Object spread(const std::vector<double>& ms);
std::string one_line(const json::Object& spread);

}  // namespace evc::bench
