#include "kit/telemetry/span.hpp"

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "kit/telemetry/batch_queue.hpp"
#include "kit/telemetry/otlp.hpp"

namespace evc::telemetry {
namespace {

using Sink = std::function<void(const EndedSpan&)>;

constexpr std::size_t kAttributeLimit = 64;
constexpr std::size_t kLinkLimit = 128;

struct Export {
  Export(const ExportOptions& options)
      : client({options.service_name, options.instance_id, options.service_version}, options.otlp_endpoint,
               OtlpSignal::kTraces),
        queue({.limit = options.queue_limit}, [this](std::string_view spans) { return client.send(spans); }) {}

  void push(const SpanRecord& record) {
    thread_local std::string entry;
    entry.clear();
    append_otlp(entry, record);
    queue.push(entry);
  }

  OtlpClient client;
  BatchQueue queue;
};

// Spans record only while somebody wants them; the flag keeps that question to one relaxed load.
std::atomic<bool> wanted{false};
std::shared_mutex state_mutex;
std::shared_ptr<Export> current_export;
std::shared_ptr<const Sink> current_sink;
std::atomic<std::uint64_t> dropped_before{0};

void update_wanted() {
  wanted.store(current_export != nullptr || current_sink != nullptr, std::memory_order_relaxed);
}

std::int64_t wall_ns() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct Span::Impl {
  TraceContext context;
  bool recording = false;
  SpanRecord record;
  SteadyTime started;
};

Span::Span() = default;
Span::Span(Span&&) noexcept = default;
Span::~Span() {
  end();
}

Span& Span::operator=(Span&& other) noexcept {
  if (this != &other) {
    end();
    impl_ = std::move(other.impl_);
  }
  return *this;
}

const TraceContext& Span::context() const {
  static const TraceContext none;
  return impl_ ? impl_->context : none;
}

void Span::set(AttributeName name, AttributeValue value) {
  if (!impl_ || !impl_->recording) return;
  Attributes& attributes = impl_->record.span.attributes;
  for (Attribute& held : attributes) {
    if (held.name == name) {
      held.value = std::move(value);
      return;
    }
  }
  if (attributes.size() < kAttributeLimit) attributes.push_back({name, std::move(value)});
}

void Span::fail(std::string_view error_type) {
  if (impl_ && impl_->recording) impl_->record.span.error_type = error_type.empty() ? "_OTHER" : error_type;
}

void Span::end() {
  if (!impl_ || !impl_->recording) return;
  impl_->recording = false;
  SpanRecord& record = impl_->record;
  record.end_ns = record.start_ns + std::chrono::nanoseconds(std::chrono::steady_clock::now() - impl_->started).count();
  std::shared_ptr<Export> exporter;
  std::shared_ptr<const Sink> sink;
  {
    const std::shared_lock lock(state_mutex);
    exporter = current_export;
    sink = current_sink;
  }
  if (sink) (*sink)(record.span);
  if (exporter && impl_->context.sampled) exporter->push(record);
}

Span start_span(std::string_view name, const TraceContext& parent, SpanOptions options) {
  Span span;
  span.impl_ = std::make_unique<Span::Impl>();
  Span::Impl& impl = *span.impl_;
  impl.context = parent.valid() ? parent.child() : TraceContext::root();
  impl.recording = wanted.load(std::memory_order_relaxed);
  if (!impl.recording) return span;
  if (options.links.size() > kLinkLimit) options.links.resize(kLinkLimit);
  impl.record = {.span = {.name = std::string(name),
                          .kind = options.kind,
                          .context = impl.context,
                          .parent = parent,
                          .links = std::move(options.links),
                          .attributes = std::move(options.attributes)},
                 .start_ns = wall_ns()};
  impl.started = std::chrono::steady_clock::now();
  return span;
}

void start_export(const ExportOptions& options) {
  if (options.otlp_endpoint.empty()) return;
  auto started = std::make_shared<Export>(options);
  const std::unique_lock lock(state_mutex);
  current_export = std::move(started);
  update_wanted();
}

void shutdown_export(std::chrono::milliseconds limit) {
  std::shared_ptr<Export> stopping;
  {
    const std::unique_lock lock(state_mutex);
    stopping = std::exchange(current_export, nullptr);
    update_wanted();
  }
  if (!stopping) return;
  stopping->queue.stop(limit);
  stopping->queue.join();
  dropped_before.fetch_add(stopping->queue.dropped(), std::memory_order_relaxed);
}

std::uint64_t spans_dropped() {
  const std::shared_lock lock(state_mutex);
  return dropped_before.load(std::memory_order_relaxed) + (current_export ? current_export->queue.dropped() : 0);
}

void set_test_sink(Sink sink) {
  const std::unique_lock lock(state_mutex);
  current_sink = sink ? std::make_shared<const Sink>(std::move(sink)) : nullptr;
  update_wanted();
}

}  // namespace evc::telemetry
