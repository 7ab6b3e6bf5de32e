// Spans, exported over OTLP/HTTP by one background thread with a bounded queue (drops are counted). A Span is a value
// held by the coroutine that does the work; its context is passed on explicitly. Ends at end() or in the destructor.
// Without a configured exporter (tests) spans cost almost nothing; a test can install an in-memory sink and look at
// what ended.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/telemetry/trace_context.hpp"

namespace evc::telemetry {

enum class SpanKind { kInternal, kServer, kClient, kProducer, kConsumer };
using AttributeValue = std::variant<std::string, std::int64_t, double, bool>;

// A literal or a constant of semconv.hpp: the set of names is fixed when the program is built, and costs no memory
// then.
class AttributeName {
 public:
  consteval AttributeName(const char* name) : name_(name) {}
  consteval AttributeName(std::string_view name) : name_(name) {}
  constexpr operator std::string_view() const { return name_; }
  friend constexpr bool operator==(AttributeName, AttributeName) = default;
  friend constexpr bool operator==(AttributeName name, std::string_view text) { return name.name_ == text; }

 private:
  std::string_view name_;
};

struct Attribute {
  AttributeName name;
  AttributeValue value;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};
using Attributes = std::vector<Attribute>;

struct SpanOptions {
  SpanKind kind = SpanKind::kInternal;
  Attributes attributes;
  std::vector<TraceContext> links;
};

struct EndedSpan {  // what a test's sink sees
  std::string name;
  SpanKind kind;
  TraceContext context;
  TraceContext parent;  // invalid for a root
  std::vector<TraceContext> links;
  Attributes attributes;
  std::string error_type;
};

class Span {
 public:
  Span();  // records nothing
  ~Span();
  Span(Span&&) noexcept;
  Span& operator=(Span&&) noexcept;

  // The context to hand to callees: same trace, this span as parent.
  const TraceContext& context() const;
  void set(AttributeName name, AttributeValue value);
  // Marks the span as failed; `error_type` is low-cardinality (an error code or a status).
  void fail(std::string_view error_type);
  void end();

 private:
  friend Span start_span(std::string_view, const TraceContext&, SpanOptions);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// `parent` invalid → a new root.
Span start_span(std::string_view name, const TraceContext& parent, SpanOptions options = {});

struct ExportOptions {
  std::string service_name;
  std::string instance_id;
  std::string service_version;
  std::string otlp_endpoint;  // "http://127.0.0.1:4318"; empty: nothing is exported
  std::size_t queue_limit = 8192;
};
// Once per process, before the first span. shutdown flushes for at most `limit`, and two seconds more when a Collector
// takes the connection and never answers.
void start_export(const ExportOptions& options);
void shutdown_export(std::chrono::milliseconds limit);
std::uint64_t spans_dropped();
// Tests only: every span that ends is handed to `sink` (on the ending thread). An empty function removes it.
void set_test_sink(std::function<void(const EndedSpan&)> sink);

}  // namespace evc::telemetry
