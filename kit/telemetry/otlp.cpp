#include "kit/telemetry/otlp.hpp"

#include <curl/curl.h>

#include <protozero/pbf_writer.hpp>
#include <stdexcept>

#include "kit/telemetry/semconv.hpp"

namespace evc::telemetry {
namespace {

using protozero::pbf_writer;

// Also how long a shutdown may overrun its limit when a Collector takes the connection and never answers.
constexpr long kSendTimeoutMs = 2'000;

// Field numbers by message: https://github.com/open-telemetry/opentelemetry-proto, v1.
namespace field {
constexpr protozero::pbf_tag_type kRequestResources = 1;
namespace resources {
constexpr protozero::pbf_tag_type kResource = 1, kScopes = 2, kSchemaUrl = 3;
}
namespace resource {
constexpr protozero::pbf_tag_type kAttributes = 1;
}
namespace scopes {
constexpr protozero::pbf_tag_type kScope = 1, kEntries = 2;
}
namespace scope {
constexpr protozero::pbf_tag_type kName = 1;
}
namespace key_value {
constexpr protozero::pbf_tag_type kKey = 1, kValue = 2;
}
namespace any_value {
constexpr protozero::pbf_tag_type kString = 1, kBool = 2, kInt = 3, kDouble = 4;
}
namespace span {
constexpr protozero::pbf_tag_type kTraceId = 1, kSpanId = 2, kTraceState = 3, kParentSpanId = 4, kName = 5, kKind = 6,
                                  kStart = 7, kEnd = 8, kAttributes = 9, kLinks = 13, kStatus = 15, kFlags = 16;
}
namespace link {
constexpr protozero::pbf_tag_type kTraceId = 1, kSpanId = 2, kTraceState = 3, kAttributes = 4, kFlags = 6;
}
namespace status {
constexpr protozero::pbf_tag_type kCode = 3;
}
namespace log_record {
constexpr protozero::pbf_tag_type kTime = 1, kSeverity = 2, kSeverityText = 3, kBody = 5, kAttributes = 6, kTraceId = 9,
                                  kSpanId = 10, kObservedTime = 11;
}
}  // namespace field

constexpr std::int32_t kStatusError = 2;
constexpr std::uint32_t kFlagSampled = 1;

std::int32_t otlp_kind(SpanKind kind) {
  switch (kind) {
    case SpanKind::kServer:
      return 2;
    case SpanKind::kClient:
      return 3;
    case SpanKind::kProducer:
      return 4;
    case SpanKind::kConsumer:
      return 5;
    case SpanKind::kInternal:
      break;
  }
  return 1;
}

std::int32_t severity_number(Level level) {
  switch (level) {
    case Level::kDebug:
      return 5;
    case Level::kInfo:
      return 9;
    case Level::kWarn:
      return 13;
    case Level::kError:
      break;
  }
  return 17;
}

template <std::size_t N>
void add_id(pbf_writer& into, protozero::pbf_tag_type tag, const std::array<std::uint8_t, N>& id) {
  into.add_bytes(tag, reinterpret_cast<const char*>(id.data()), N);
}

void add_text(pbf_writer& into, protozero::pbf_tag_type tag, std::string_view text) {
  into.add_string(tag, text.data(), text.size());
}

void write_value(pbf_writer& into, std::string_view text) {
  add_text(into, field::any_value::kString, text);
}
void write_value(pbf_writer& into, std::int64_t number) {
  into.add_int64(field::any_value::kInt, number);
}
void write_value(pbf_writer& into, double number) {
  into.add_double(field::any_value::kDouble, number);
}
void write_value(pbf_writer& into, bool truth) {
  into.add_bool(field::any_value::kBool, truth);
}

template <class Value>
void add_attribute(pbf_writer& into, protozero::pbf_tag_type tag, std::string_view key, const Value& value) {
  pbf_writer pair(into, tag);
  add_text(pair, field::key_value::kKey, key);
  pbf_writer any(pair, field::key_value::kValue);
  write_value(any, value);
}

void add_attribute(pbf_writer& into, protozero::pbf_tag_type tag, std::string_view key, const AttributeValue& value) {
  std::visit([&](const auto& held) { add_attribute(into, tag, key, held); }, value);
}

// A consumer's span has the creation context as parent and as link. Jaeger merges the two, and without this word of the
// OpenTracing shim it keeps the weaker one, so that the service map loses its edge.
void add_link(pbf_writer& into, const TraceContext& link, const TraceContext& parent) {
  pbf_writer writer(into, field::span::kLinks);
  add_id(writer, field::link::kTraceId, link.trace_id);
  add_id(writer, field::link::kSpanId, link.span_id);
  if (!link.trace_state.empty()) add_text(writer, field::link::kTraceState, link.trace_state);
  if (parent.valid() && link.span_id == parent.span_id && link.trace_id == parent.trace_id)
    add_attribute(writer, field::link::kAttributes, "opentracing.ref_type", std::string_view("child_of"));
  writer.add_fixed32(field::link::kFlags, link.sampled ? kFlagSampled : 0);
}

std::string resource_message(const OtlpResource& described) {
  std::string message;
  pbf_writer writer(message);
  const auto add = [&writer](std::string_view key, std::string_view text) {
    add_attribute(writer, field::resource::kAttributes, key, text);
  };
  add(semconv::kServiceName, described.service_name);
  add(semconv::kServiceInstanceId, described.instance_id);
  if (!described.service_version.empty()) add(semconv::kServiceVersion, described.service_version);
  add(semconv::kTelemetrySdkName, "evcosta");
  add(semconv::kTelemetrySdkLanguage, "cpp");
  return message;
}

// What stands before the entries in their scope.
std::string scope_field() {
  std::string bytes;
  pbf_writer all(bytes);
  pbf_writer scope(all, field::scopes::kScope);
  add_text(scope, field::scope::kName, "evcosta");
  return bytes;
}

void start_curl() {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!started) throw std::runtime_error("libcurl cannot start");
}

std::size_t ignore_answer(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

// Which answers ask for another try: https://opentelemetry.io/docs/specs/otlp/#failures-1.
Delivery delivery_of(long status) {
  if (status >= 200 && status < 300) return Delivery::kDone;
  return status == 429 || status == 502 || status == 503 || status == 504 ? Delivery::kAgain : Delivery::kRefused;
}

}  // namespace

std::string_view severity_text(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarn:
      return "WARN";
    case Level::kError:
      break;
  }
  return "ERROR";
}

void append_otlp(std::string& entries, const SpanRecord& record) {
  const EndedSpan& span = record.span;
  pbf_writer all(entries);
  pbf_writer writer(all, field::scopes::kEntries);
  add_id(writer, field::span::kTraceId, span.context.trace_id);
  add_id(writer, field::span::kSpanId, span.context.span_id);
  if (!span.context.trace_state.empty()) add_text(writer, field::span::kTraceState, span.context.trace_state);
  if (span.parent.valid()) add_id(writer, field::span::kParentSpanId, span.parent.span_id);
  add_text(writer, field::span::kName, span.name);
  writer.add_enum(field::span::kKind, otlp_kind(span.kind));
  writer.add_fixed64(field::span::kStart, static_cast<std::uint64_t>(record.start_ns));
  writer.add_fixed64(field::span::kEnd, static_cast<std::uint64_t>(record.end_ns));
  for (const auto& [key, value] : span.attributes) add_attribute(writer, field::span::kAttributes, key, value);
  if (!span.error_type.empty())
    add_attribute(writer, field::span::kAttributes, semconv::kErrorType, std::string_view(span.error_type));
  for (const TraceContext& link : span.links) add_link(writer, link, span.parent);
  if (!span.error_type.empty()) {
    pbf_writer status(writer, field::span::kStatus);
    status.add_enum(field::status::kCode, kStatusError);
  }
  writer.add_fixed32(field::span::kFlags, kFlagSampled);
}

void append_otlp(std::string& entries, const LogRecord& record) {
  const auto at = static_cast<std::uint64_t>(std::chrono::nanoseconds(record.at.time_since_epoch()).count());
  pbf_writer all(entries);
  pbf_writer writer(all, field::scopes::kEntries);
  writer.add_fixed64(field::log_record::kTime, at);
  writer.add_fixed64(field::log_record::kObservedTime, at);
  writer.add_enum(field::log_record::kSeverity, severity_number(record.level));
  add_text(writer, field::log_record::kSeverityText, severity_text(record.level));
  {
    pbf_writer body(writer, field::log_record::kBody);
    write_value(body, record.body);
  }
  for (const LogField& one : record.fields) {
    if (one.is_number) {
      add_attribute(writer, field::log_record::kAttributes, one.key.name(), one.number);
    } else {
      add_attribute(writer, field::log_record::kAttributes, one.key.name(), std::string_view(one.text));
    }
  }
  if (record.trace_id == std::array<std::uint8_t, 16>{}) return;
  add_id(writer, field::log_record::kTraceId, record.trace_id);
  add_id(writer, field::log_record::kSpanId, record.span_id);
}

struct OtlpClient::Impl {
  Impl(const OtlpResource& described, const std::string& url) : resource(resource_message(described)) {
    start_curl();
    handle.reset(curl_easy_init());
    headers.reset(curl_slist_append(nullptr, "Content-Type: application/x-protobuf"));
    if (!handle || !headers) throw std::bad_alloc();
    // Without its own word curl asks before a large body whether it may come, which costs a turn.
    if (curl_slist_append(headers.get(), "Expect:") == nullptr) throw std::bad_alloc();
    curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, kSendTimeoutMs);
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, ignore_answer);
  }

  void write_request(std::string_view entries) {
    request.clear();
    pbf_writer all(request);
    pbf_writer resources(all, field::kRequestResources);
    resources.add_message(field::resources::kResource, resource);
    resources.add_bytes_vectored(field::resources::kScopes, scope, entries);
    add_text(resources, field::resources::kSchemaUrl, semconv::kSchemaUrl);
  }

  struct Free {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  std::string resource;
  std::string scope = scope_field();
  std::string request;
  std::unique_ptr<curl_slist, Free> headers;
  std::unique_ptr<CURL, Free> handle;
};

OtlpClient::OtlpClient(const OtlpResource& resource, std::string endpoint, OtlpSignal signal) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  impl_ = std::make_unique<Impl>(resource, endpoint + (signal == OtlpSignal::kTraces ? "/v1/traces" : "/v1/logs"));
}

OtlpClient::~OtlpClient() = default;

Delivery OtlpClient::send(std::string_view entries) {
  impl_->write_request(entries);
  CURL* handle = impl_->handle.get();
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, impl_->request.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(impl_->request.size()));
  if (curl_easy_perform(handle) != CURLE_OK) return Delivery::kAgain;
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return delivery_of(status);
}

}  // namespace evc::telemetry
