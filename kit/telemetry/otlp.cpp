#include "kit/telemetry/otlp.hpp"

#include <opentelemetry/exporters/otlp/otlp_http_exporter.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_options.h>
#include <opentelemetry/exporters/otlp/otlp_http_log_record_exporter.h>
#include <opentelemetry/exporters/otlp/otlp_http_log_record_exporter_options.h>
#include <opentelemetry/logs/severity.h>
#include <opentelemetry/sdk/common/global_log_handler.h>
#include <opentelemetry/sdk/instrumentationscope/instrumentation_scope.h>
#include <opentelemetry/sdk/logs/recordable.h>
#include <opentelemetry/sdk/resource/resource.h>
#include <opentelemetry/sdk/trace/recordable.h>
#include <opentelemetry/trace/span_context.h>
#include <opentelemetry/trace/trace_state.h>
#include <map>

#include "kit/telemetry/semconv.hpp"

namespace evc::telemetry {
namespace {

namespace otlp = opentelemetry::exporter::otlp;
namespace otel = opentelemetry;
namespace sdk = opentelemetry::sdk;
namespace sdk_log = opentelemetry::sdk::common::internal_log;

// Also how long a shutdown may overrun its limit when a Collector takes the connection and never answers: the library
// does not cancel.
constexpr auto kSendTimeout = std::chrono::seconds(2);

// Set by the library's error reports on this thread. Export() of 1.19 answers success whatever happened, and says the
// truth only to its log handler.
thread_local bool error_reported = false;

// Also keeps those reports off stdout, where they would stand in the middle of our JSON lines; the queue's drop counter
// says it better.
class ErrorListener : public sdk_log::LogHandler {
 public:
  void Handle(sdk_log::LogLevel level, const char*, int, const char*,
              const sdk::common::AttributeMap&) noexcept override {
    if (level == sdk_log::LogLevel::Error) error_reported = true;
  }
};

void listen_to_library() {
  static const bool done = [] {
    sdk_log::GlobalLogHandler::SetLogHandler(otel::nostd::shared_ptr<sdk_log::LogHandler>(new ErrorListener));
    return true;
  }();
  static_cast<void>(done);
}

otel::nostd::string_view as_view(std::string_view text) {
  return {text.data(), text.size()};
}

otel::common::AttributeValue as_attribute(const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return otel::nostd::string_view(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::get<bool>(value);
}

otel::trace::SpanContext as_span_context(const TraceContext& context) {
  const std::uint8_t flags = context.sampled ? otel::trace::TraceFlags::kIsSampled : 0;
  return {otel::trace::TraceId(context.trace_id), otel::trace::SpanId(context.span_id), otel::trace::TraceFlags(flags),
          /*is_remote=*/true, otel::trace::TraceState::FromHeader(context.trace_state)};
}

otel::trace::SpanKind as_kind(SpanKind kind) {
  switch (kind) {
    case SpanKind::kServer:
      return otel::trace::SpanKind::kServer;
    case SpanKind::kClient:
      return otel::trace::SpanKind::kClient;
    case SpanKind::kProducer:
      return otel::trace::SpanKind::kProducer;
    case SpanKind::kConsumer:
      return otel::trace::SpanKind::kConsumer;
    case SpanKind::kInternal:
      break;
  }
  return otel::trace::SpanKind::kInternal;
}

otel::logs::Severity as_severity(Level level) {
  switch (level) {
    case Level::kDebug:
      return otel::logs::Severity::kDebug;
    case Level::kInfo:
      return otel::logs::Severity::kInfo;
    case Level::kWarn:
      return otel::logs::Severity::kWarn;
    case Level::kError:
      break;
  }
  return otel::logs::Severity::kError;
}

sdk::resource::Resource make_resource(const OtlpResource& described) {
  sdk::resource::ResourceAttributes attributes;
  attributes.SetAttribute(as_view(semconv::kServiceName), as_view(described.service_name));
  attributes.SetAttribute(as_view(semconv::kServiceInstanceId), as_view(described.instance_id));
  if (!described.service_version.empty())
    attributes.SetAttribute(as_view(semconv::kServiceVersion), as_view(described.service_version));
  return sdk::resource::Resource::Create(attributes, std::string(semconv::kSchemaUrl));
}

// A duration without unit is seconds here, and some timeouts are set from the environment: ours is explicit.
template <class Options>
Options http_options(const std::string& url) {
  Options options;
  options.url = url;
  options.content_type = otlp::HttpRequestContentType::kBinary;
  options.timeout = kSendTimeout;
  return options;
}

// A consumer's span has the creation context as parent and as link. Jaeger merges the two, and without this word of the
// OpenTracing shim it keeps the weaker one, so that the service map loses its edge.
void add_link(sdk::trace::Recordable& into, const TraceContext& link, const TraceContext& parent) {
  const bool is_parent = parent.valid() && link.span_id == parent.span_id && link.trace_id == parent.trace_id;
  using Words = std::map<std::string, std::string>;
  const Words words = is_parent ? Words{{"opentracing.ref_type", "child_of"}} : Words{};
  into.AddLink(as_span_context(link), otel::common::KeyValueIterableView<Words>(words));
}

void fill(sdk::trace::Recordable& into, const SpanRecord& record) {
  const EndedSpan& span = record.span;
  into.SetIdentity(as_span_context(span.context),
                   span.parent.valid() ? otel::trace::SpanId(span.parent.span_id) : otel::trace::SpanId());
  into.SetTraceFlags(otel::trace::TraceFlags(otel::trace::TraceFlags::kIsSampled));
  into.SetName(span.name);
  into.SetSpanKind(as_kind(span.kind));
  into.SetStartTime(otel::common::SystemTimestamp(std::chrono::nanoseconds(record.start_ns)));
  into.SetDuration(std::chrono::nanoseconds(record.end_ns - record.start_ns));
  for (const auto& [key, value] : span.attributes) into.SetAttribute(key, as_attribute(value));
  for (const TraceContext& link : span.links) add_link(into, link, span.parent);
  if (span.error_type.empty()) return;
  into.SetStatus(otel::trace::StatusCode::kError, "");
  into.SetAttribute(as_view(semconv::kErrorType), otel::nostd::string_view(span.error_type));
}

void fill(sdk::logs::Recordable& into, const LogRecord& record) {
  const otel::common::SystemTimestamp at{std::chrono::nanoseconds(record.at.time_since_epoch())};
  into.SetTimestamp(at);
  into.SetObservedTimestamp(at);
  into.SetSeverity(as_severity(record.level));
  into.SetBody(otel::nostd::string_view(record.body));
  if (record.trace_id != std::array<std::uint8_t, 16>{}) {
    into.SetTraceId(otel::trace::TraceId(record.trace_id));
    into.SetSpanId(otel::trace::SpanId(record.span_id));
  }
  for (const LogField& field : record.fields) {
    const auto key = as_view(field.key.name());
    if (field.is_number) {
      into.SetAttribute(key, field.number);
    } else {
      into.SetAttribute(key, otel::nostd::string_view(field.text));
    }
  }
}

}  // namespace

struct OtlpClient::Impl {
  Impl(const OtlpResource& described, const std::string& endpoint)
      : resource(make_resource(described)),
        spans(http_options<otlp::OtlpHttpExporterOptions>(endpoint + "/v1/traces")),
        logs(http_options<otlp::OtlpHttpLogRecordExporterOptions>(endpoint + "/v1/logs")) {}

  template <class Recordable, class Record>
  bool send(auto& exporter, const std::vector<Record>& records) {
    std::vector<std::unique_ptr<Recordable>> filled;
    filled.reserve(records.size());
    for (const Record& record : records) {
      auto recordable = exporter.MakeRecordable();
      recordable->SetResource(resource);
      recordable->SetInstrumentationScope(*scope);
      fill(*recordable, record);
      filled.push_back(std::move(recordable));
    }
    error_reported = false;
    const auto result = exporter.Export({filled.data(), filled.size()});
    return result == sdk::common::ExportResult::kSuccess && !error_reported;
  }

  sdk::resource::Resource resource;
  std::unique_ptr<sdk::instrumentationscope::InstrumentationScope> scope =
      sdk::instrumentationscope::InstrumentationScope::Create("evcosta");
  otlp::OtlpHttpExporter spans;
  otlp::OtlpHttpLogRecordExporter logs;
};

OtlpClient::OtlpClient(const OtlpResource& resource, std::string endpoint) {
  listen_to_library();
  while (endpoint.ends_with('/')) endpoint.pop_back();
  impl_ = std::make_unique<Impl>(resource, endpoint);
}

OtlpClient::~OtlpClient() = default;

bool OtlpClient::send(const std::vector<SpanRecord>& spans) {
  return impl_->send<sdk::trace::Recordable>(impl_->spans, spans);
}

bool OtlpClient::send(const std::vector<LogRecord>& records) {
  return impl_->send<sdk::logs::Recordable>(impl_->logs, records);
}

}  // namespace evc::telemetry
