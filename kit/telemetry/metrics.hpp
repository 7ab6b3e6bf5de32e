// The metrics registry of a process, served as Prometheus text (OpenMetrics with exemplars) on the admin listener.
// Families are made once at start and live for ever; label values are bounded (at most 1,000 series per family, then
// `other`). Updates are relaxed atomics.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "kit/telemetry/trace_context.hpp"

namespace evc::telemetry {

// Handles are cheap to copy and valid for ever; one that was never made by a registry counts nowhere.
class Counter {
 public:
  struct Cell;
  Counter() = default;
  void add(double amount = 1);

 private:
  friend class Registry;
  Cell* cell_ = nullptr;
  explicit Counter(Cell* cell) : cell_(cell) {}
};

class Gauge {
 public:
  struct Cell;
  Gauge() = default;
  void set(double value);
  void add(double amount);

 private:
  friend class Registry;
  Cell* cell_ = nullptr;
  explicit Gauge(Cell* cell) : cell_(cell) {}
};

class Histogram {
 public:
  struct Cell;
  Histogram() = default;
  // `trace`, when sampled, becomes the bucket's exemplar.
  void observe(double value, const TraceContext* trace = nullptr);

 private:
  friend class Registry;
  Cell* cell_ = nullptr;
  explicit Histogram(Cell* cell) : cell_(cell) {}
};

using Labels = std::vector<std::pair<std::string, std::string>>;

enum class MetricsFormat { kPrometheus, kOpenMetrics };
// OpenMetrics when the client asks for it: only that form has exemplars.
MetricsFormat metrics_format(std::string_view accept);
std::string_view content_type(MetricsFormat format);

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  // Finding a series costs a lock and a search: keep the handle. The same name and labels give the same series; a name
  // used with another kind is an assertion failure.
  Counter counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram histogram(std::string_view name, std::string_view help, const Labels& labels,
                      const std::vector<double>& bounds);
  // Read at scrape time, on the admin thread: must be thread-safe and must not touch the registry.
  void gauge_callback(std::string_view name, std::string_view help, const Labels& labels, std::function<double()> read);
  void counter_callback(std::string_view name, std::string_view help, const Labels& labels,
                        std::function<double()> read);
  std::string render(MetricsFormat format = MetricsFormat::kPrometheus) const;

 private:
  struct Impl;
  Impl* impl_;
};

Registry& metrics();
// 1 ms … 10 s, for requests and queries.
const std::vector<double>& latency_bounds_seconds();

}  // namespace evc::telemetry
