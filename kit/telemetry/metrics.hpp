// The metrics registry of a process, served as Prometheus text (OpenMetrics with exemplars) on the admin listener. Families are
// made once at start and live for ever; label values are bounded (at most 1,000 series per family, then `other`). Updates are relaxed atomics.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "kit/telemetry/trace_context.hpp"

namespace evc::telemetry {

class Counter {
 public:
  void add(double amount = 1);

 private:
  friend class Registry;
  struct Cell;
  Cell* cell_ = nullptr;
  explicit Counter(Cell* cell) : cell_(cell) {}
};

class Gauge {
 public:
  void set(double value);
  void add(double amount);

 private:
  friend class Registry;
  struct Cell;
  Cell* cell_ = nullptr;
  explicit Gauge(Cell* cell) : cell_(cell) {}
};

class Histogram {
 public:
  // `trace`, when sampled, becomes the bucket's exemplar.
  void observe(double value, const TraceContext* trace = nullptr);

 private:
  friend class Registry;
  struct Cell;
  Cell* cell_ = nullptr;
  explicit Histogram(Cell* cell) : cell_(cell) {}
};

using Labels = std::vector<std::pair<std::string, std::string>>;

class Registry {
 public:
  Registry();
  ~Registry();
  // The same name and labels give the same series; a name used with another kind is an assertion failure.
  Counter counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram histogram(std::string_view name, std::string_view help, const Labels& labels, const std::vector<double>& bounds);
  // Read at scrape time, on the admin thread: must be thread-safe.
  void gauge_callback(std::string_view name, std::string_view help, const Labels& labels, std::function<double()> read);
  std::string render() const;

 private:
  struct Impl;
  Impl* impl_;
};

Registry& metrics();
// 1 ms … 10 s, for requests and queries.
const std::vector<double>& latency_bounds_seconds();

}  // namespace evc::telemetry
