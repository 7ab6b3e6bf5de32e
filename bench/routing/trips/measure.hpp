// CPU time of this thread per operation, for the benchmarks of the route engine: percentiles over operations, so that
// a busy machine changes little.
#pragma once

#include <algorithm>
#include <ctime>
#include <vector>

namespace evc::bench {

inline double cpu_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

class Samples {
 public:
  template <class Operation>
  void measure(Operation&& operation) {
    const double begin = cpu_microseconds();
    operation();
    values_.push_back(cpu_microseconds() - begin);
  }
  void add(double value) { values_.push_back(value); }
  double percentile(double share) {
    std::ranges::sort(values_);
    return values_.empty() ? 0 : values_[static_cast<std::size_t>(share * static_cast<double>(values_.size() - 1))];
  }
  std::size_t count() const { return values_.size(); }

 private:
  std::vector<double> values_;
};

}  // namespace evc::bench
