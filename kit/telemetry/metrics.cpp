#include "kit/telemetry/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"

namespace evc::telemetry {
namespace {

constexpr std::size_t kSeriesLimit = 1000;
constexpr auto kRelaxed = std::memory_order_relaxed;

enum class Kind { kCounter, kGauge, kHistogram };

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return "counter";
    case Kind::kGauge:
      return "gauge";
    case Kind::kHistogram:
      return "histogram";
  }
  return "untyped";
}

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 64> buffer;
  const bool plain = value == 0 || (std::abs(value) >= 1e-6 && std::abs(value) < 1e15);
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {buffer.data(), end.ptr};
}

// `a="1",b="2"` in the given order.
std::string label_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += fmt::format("{}=\"{}\"", name, escaped(value, true));
  }
  return text;
}

std::string series(std::string_view name, std::string_view labels, std::string_view extra = {}) {
  std::string text(name);
  if (labels.empty() && extra.empty()) return text;
  text += '{';
  text += labels;
  if (!labels.empty() && !extra.empty()) text += ',';
  text += extra;
  text += '}';
  return text;
}

struct Exemplar {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  double value = 0;
  double at = 0;  // seconds since 1970; 0: none yet
};

// One value and its exemplar. A writer that finds the exemplar busy leaves it: any recent one will do.
class Bucket {
 public:
  void count() { hits_.fetch_add(1, kRelaxed); }
  std::uint64_t hits() const { return hits_.load(kRelaxed); }
  void remember(const TraceContext& trace, double value) {
    if (busy_.test_and_set(std::memory_order_acquire)) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    exemplar_ = {trace.trace_id, trace.span_id, value, std::chrono::duration<double>(now).count()};
    busy_.clear(std::memory_order_release);
  }
  Exemplar exemplar() {
    while (busy_.test_and_set(std::memory_order_acquire)) {
    }
    const Exemplar copy = exemplar_;
    busy_.clear(std::memory_order_release);
    return copy;
  }

 private:
  std::atomic<std::uint64_t> hits_{0};
  std::atomic_flag busy_;
  Exemplar exemplar_;
};

}  // namespace

struct Counter::Cell {
  std::atomic<double> value{0};
};
struct Gauge::Cell {
  std::atomic<double> value{0};
};
struct Histogram::Cell {
  explicit Cell(const std::vector<double>& upper) : bounds(upper), buckets(upper.size() + 1) {}
  std::vector<double> bounds;
  std::vector<Bucket> buckets;
  std::atomic<double> sum{0};
};

void Counter::add(double amount) {
  if (cell_ != nullptr) cell_->value.fetch_add(amount, kRelaxed);
}
void Gauge::set(double value) {
  if (cell_ != nullptr) cell_->value.store(value, kRelaxed);
}
void Gauge::add(double amount) {
  if (cell_ != nullptr) cell_->value.fetch_add(amount, kRelaxed);
}

void Histogram::observe(double value, const TraceContext* trace) {
  if (cell_ == nullptr) return;
  const auto place = std::lower_bound(cell_->bounds.begin(), cell_->bounds.end(), value) - cell_->bounds.begin();
  Bucket& bucket = cell_->buckets[static_cast<std::size_t>(place)];
  bucket.count();
  cell_->sum.fetch_add(value, kRelaxed);
  if (trace != nullptr && trace->sampled && trace->valid()) bucket.remember(*trace, value);
}

struct Registry::Impl {
  struct Series {
    std::unique_ptr<Counter::Cell> counter;
    std::unique_ptr<Gauge::Cell> gauge;
    std::unique_ptr<Histogram::Cell> histogram;
    std::function<double()> read;
  };
  struct Family {
    Kind kind = Kind::kCounter;
    std::string help;
    std::vector<double> bounds;
    std::map<std::string, Series, std::less<>> series;  // by label text
  };

  mutable std::shared_mutex mutex;
  std::map<std::string, Family, std::less<>> families;

  Series* find(std::string_view name, Kind kind, std::string_view labels) {
    const std::shared_lock lock(mutex);
    const auto family = families.find(name);
    if (family == families.end()) return nullptr;
    EVC_ASSERT(family->second.kind == kind);
    const auto found = family->second.series.find(labels);
    return found == family->second.series.end() ? nullptr : &found->second;
  }

  // References into a std::map stay valid while others are added; nothing is ever removed.
  Series& at(std::string_view name, Kind kind, std::string_view help, const Labels& labels,
             const std::vector<double>& bounds = {}) {
    const std::string text = label_text(labels);
    if (Series* known = find(name, kind, text)) return *known;
    const std::unique_lock lock(mutex);
    auto [place, made] = families.try_emplace(std::string(name));
    Family& family = place->second;
    if (made) family = {.kind = kind, .help = std::string(help), .bounds = bounds};
    EVC_ASSERT(family.kind == kind);
    const bool full = family.series.size() >= kSeriesLimit && !family.series.contains(text);
    Series& found = family.series[full ? label_text(folded(labels)) : text];
    if (kind == Kind::kCounter && !found.counter) found.counter = std::make_unique<Counter::Cell>();
    if (kind == Kind::kGauge && !found.gauge) found.gauge = std::make_unique<Gauge::Cell>();
    if (kind == Kind::kHistogram && !found.histogram)
      found.histogram = std::make_unique<Histogram::Cell>(family.bounds);
    return found;
  }

  static Labels folded(Labels labels) {
    for (auto& label : labels) label.second = "other";
    return labels;
  }
};

namespace {

std::string exemplar_text(Bucket& bucket) {
  const Exemplar exemplar = bucket.exemplar();
  if (exemplar.at == 0) return {};
  const auto hex = [](const auto& bytes) {
    return hex_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  return fmt::format(" # {{trace_id=\"{}\",span_id=\"{}\"}} {} {:.3f}", hex(exemplar.trace_id), hex(exemplar.span_id),
                     number(exemplar.value), exemplar.at);
}

void render_histogram(std::string& out, std::string_view name, std::string_view labels, Histogram::Cell& cell,
                      bool exemplars) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < cell.buckets.size(); ++i) {
    total += cell.buckets[i].hits();
    const std::string bound = i < cell.bounds.size() ? number(cell.bounds[i]) : "+Inf";
    out += fmt::format("{} {}", series(fmt::format("{}_bucket", name), labels, fmt::format("le=\"{}\"", bound)), total);
    if (exemplars) out += exemplar_text(cell.buckets[i]);
    out += '\n';
  }
  out += fmt::format("{} {}\n", series(fmt::format("{}_sum", name), labels), number(cell.sum.load(kRelaxed)));
  out += fmt::format("{} {}\n", series(fmt::format("{}_count", name), labels), total);
}

}  // namespace

Registry::Registry() : impl_(new Impl) {}
Registry::~Registry() {
  delete impl_;
}

Counter Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  return Counter(impl_->at(name, Kind::kCounter, help, labels).counter.get());
}

Gauge Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return Gauge(impl_->at(name, Kind::kGauge, help, labels).gauge.get());
}

Histogram Registry::histogram(std::string_view name, std::string_view help, const Labels& labels,
                              const std::vector<double>& bounds) {
  EVC_ASSERT(!bounds.empty() && std::is_sorted(bounds.begin(), bounds.end()));
  return Histogram(impl_->at(name, Kind::kHistogram, help, labels, bounds).histogram.get());
}

void Registry::gauge_callback(std::string_view name, std::string_view help, const Labels& labels,
                              std::function<double()> read) {
  Impl::Series& series = impl_->at(name, Kind::kGauge, help, labels);
  const std::unique_lock lock(impl_->mutex);
  series.read = std::move(read);
}

void Registry::counter_callback(std::string_view name, std::string_view help, const Labels& labels,
                                std::function<double()> read) {
  Impl::Series& series = impl_->at(name, Kind::kCounter, help, labels);
  const std::unique_lock lock(impl_->mutex);
  series.read = std::move(read);
}

std::string Registry::render(MetricsFormat format) const {
  const bool open_metrics = format == MetricsFormat::kOpenMetrics;
  std::string out;
  const std::shared_lock lock(impl_->mutex);
  for (const auto& [name, family] : impl_->families) {
    // OpenMetrics names a counter's family without the `_total` of its samples.
    const bool shortened = open_metrics && family.kind == Kind::kCounter && std::string_view(name).ends_with("_total");
    const std::string_view family_name = std::string_view(name).substr(0, name.size() - (shortened ? 6 : 0));
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family_name, escaped(family.help, open_metrics), family_name,
                       kind_name(family.kind));
    for (const auto& [labels, one] : family.series) {
      if (one.histogram) {
        render_histogram(out, name, labels, *one.histogram, open_metrics);
        continue;
      }
      const double stored = one.counter ? one.counter->value.load(kRelaxed) : one.gauge->value.load(kRelaxed);
      out += fmt::format("{} {}\n", series(name, labels), number(one.read ? one.read() : stored));
    }
  }
  if (open_metrics) out += "# EOF\n";
  return out;
}

MetricsFormat metrics_format(std::string_view accept) {
  return accept.find("application/openmetrics-text") == std::string_view::npos ? MetricsFormat::kPrometheus
                                                                               : MetricsFormat::kOpenMetrics;
}

std::string_view content_type(MetricsFormat format) {
  return format == MetricsFormat::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

Registry& metrics() {
  // Never destroyed: threads may still count while the program ends.
  static auto* const registry = new Registry;
  return *registry;
}

const std::vector<double>& latency_bounds_seconds() {
  static const std::vector<double> bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return bounds;
}

}  // namespace evc::telemetry
