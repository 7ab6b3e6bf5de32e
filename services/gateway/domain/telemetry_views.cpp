#include "services/gateway/domain/telemetry_views.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace evc::gateway {
namespace {

constexpr std::size_t kTextLimit = 2'000;
constexpr std::size_t kAttributeLimit = 64;

std::string bounded(std::string_view text) {
  if (text.size() <= kTextLimit) return std::string(text);
  std::size_t end = kTextLimit - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a character
  return std::string(text.substr(0, end)) + "…";
}

const json::Value* member(const json::Value& value, std::string_view name) {
  return value.is_object() ? value.as_object().if_contains(name) : nullptr;
}

std::string text_at(const json::Value& value, std::string_view name) {
  const json::Value* found = member(value, name);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::int64_t integer_at(const json::Value& value, std::string_view name) {
  const json::Value* found = member(value, name);
  if (found == nullptr) return 0;
  if (found->is_int64()) return std::max<std::int64_t>(0, found->as_int64());
  return found->is_uint64() ? static_cast<std::int64_t>(found->as_uint64()) : 0;
}

const json::Array& array_at(const json::Value& value, std::string_view name) {
  static const json::Array kNone;
  const json::Value* found = member(value, name);
  return found != nullptr && found->is_array() ? found->as_array() : kNone;
}

std::string plain(const json::Value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

bool is_span_id(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void add_attribute(json::Object& attributes, std::string_view name, std::string_view value) {
  if (attributes.size() < kAttributeLimit) attributes[name] = bounded(value);
}

bool hidden_tag(std::string_view key) {
  return key == "span.kind" || key == "internal.span.format" || key == "otel.scope.name" || key == "otel.scope.version";
}

std::string parent_of(const json::Value& span) {
  for (const json::Value& reference : array_at(span, "references")) {
    if (text_at(reference, "refType") == "CHILD_OF" && text_at(reference, "traceID") == text_at(span, "traceID"))
      return text_at(reference, "spanID");
  }
  return {};
}

json::Object span_view(const json::Value& span, const json::Value& processes) {
  json::Object attributes;
  std::string kind = "internal";
  bool failed = false;
  for (const json::Value& tag : array_at(span, "tags")) {
    const std::string key = text_at(tag, "key");
    const json::Value* value = member(tag, "value");
    if (key.empty() || value == nullptr) continue;
    if (key == "span.kind") kind = plain(*value);
    if (key == "error" && value->is_bool() && value->get_bool()) failed = true;
    if (!hidden_tag(key)) add_attribute(attributes, key, plain(*value));
  }
  constexpr std::array kKinds{"internal", "server", "client", "producer", "consumer"};
  if (std::ranges::find(kKinds, kind) == kKinds.end()) kind = "internal";
  const json::Value* process = member(processes, text_at(span, "processID"));
  json::Object view{{"spanId", text_at(span, "spanID")},
                    {"service", process == nullptr ? "?" : bounded(text_at(*process, "serviceName"))},
                    {"name", bounded(text_at(span, "operationName"))},
                    {"kind", kind},
                    {"startUs", integer_at(span, "startTime")},
                    {"durationUs", integer_at(span, "duration")},
                    {"failed", failed},
                    {"attributes", std::move(attributes)}};
  const std::string parent = parent_of(span);
  if (is_span_id(parent)) view["parentSpanId"] = parent;
  return view;
}

// The store's own members, and what stands elsewhere in the record.
bool shown_apart(std::string_view key) {
  constexpr std::array kApart{"_msg",          "_time",    "_stream",       "_stream_id",      "trace_id",
                              "span_id",       "severity", "severity_text", "severity_number", "service.name",
                              "scope.version", "event"};
  return std::ranges::find(kApart, key) != kApart.end() || key.starts_with("telemetry.sdk.");
}

json::Object record_view(const json::Value& line) {
  const std::string service = text_at(line, "service.name");
  const bool event = service == "kafka";
  std::string severity = text_at(line, "severity_text");
  if (severity.empty()) severity = text_at(line, "severity");
  json::Object attributes;
  for (const auto& [key, value] : line.as_object()) {
    if (!shown_apart(key)) add_attribute(attributes, key, plain(value));
  }
  std::string text = event ? text_at(line, "event.type") : text_at(line, "_msg");
  json::Object view{{"at", text_at(line, "_time")},
                    {"kind", event ? "event" : "log"},
                    {"service", bounded(event ? text_at(line, "messaging.destination.name") : service)},
                    {"severity", bounded(severity)},
                    {"text", bounded(text)},
                    {"attributes", std::move(attributes)}};
  const std::string span = text_at(line, "span_id");
  if (is_span_id(span)) view["spanId"] = span;
  return view;
}

using Edges = std::map<std::pair<std::string, std::string>, double>;

// NaN and infinity are what Prometheus says of nothing.
std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
    return std::nullopt;
  return value;
}

Result<Edges> edges_of(const json::Value& answer) {
  if (text_at(answer, "status") != "success") return fail(Code::kUpstreamFailed, "the metrics are not there");
  Edges edges;
  const json::Value* data = member(answer, "data");
  if (data == nullptr) return edges;
  for (const json::Value& series : array_at(*data, "result")) {
    const json::Value* labels = member(series, "metric");
    const json::Array& sample = array_at(series, "value");
    if (labels == nullptr || sample.size() != 2 || !sample[1].is_string()) continue;
    const auto value = number_of(sample[1].as_string());
    std::pair<std::string, std::string> ends{text_at(*labels, "client"), text_at(*labels, "server")};
    if (value && !ends.first.empty() && !ends.second.empty()) edges[std::move(ends)] += *value;
  }
  return edges;
}

double share(double part, double whole) {
  return whole > 0 ? std::min(1.0, part / whole) : 0.0;
}

}  // namespace

Result<json::Object> trace_view(std::string_view trace_id, const json::Value& answer) {
  if (!answer.is_object()) return fail(Code::kProtocolError, "the trace store answers in another form");
  std::vector<json::Object> spans;
  for (const json::Value& trace : array_at(answer, "data")) {
    const json::Value* processes = member(trace, "processes");
    for (const json::Value& span : array_at(trace, "spans")) {
      if (is_span_id(text_at(span, "spanID")))
        spans.push_back(span_view(span, processes == nullptr ? json::Value(nullptr) : *processes));
    }
  }
  if (spans.empty()) return fail(Code::kNotFound, "the trace store knows no such trace, or no longer");
  std::ranges::sort(spans, {}, [](const json::Object& span) {
    return std::pair(span.at("startUs").as_int64(), std::string(span.at("spanId").as_string()));
  });
  const bool truncated = spans.size() > kSpanLimit;
  if (truncated) spans.resize(kSpanLimit);
  json::Array views;
  for (json::Object& span : spans) views.push_back(std::move(span));
  return json::Object{{"traceId", trace_id}, {"spans", std::move(views)}, {"truncated", truncated}};
}

Result<json::Object> records_view(std::string_view lines) {
  json::Array records;
  bool truncated = false;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
    if (line.empty()) continue;
    const auto record = json::parse(line);
    if (!record || !record->is_object()) return fail(Code::kProtocolError, "the log store answers in another form");
    truncated = records.size() == kRecordLimit;
    if (truncated) break;
    records.push_back(record_view(*record));
  }
  return json::Object{{"records", std::move(records)}, {"truncated", truncated}};
}

Result<json::Object> service_map_view(const EdgeVectors& vectors) {
  EVC_TRY(calls, edges_of(vectors.calls));
  EVC_TRY(failures, edges_of(vectors.failures));
  EVC_TRY(p95, edges_of(vectors.p95));
  std::vector<std::pair<double, json::Object>> edges;
  for (const auto& [ends, per_second] : calls) {
    if (per_second <= 0) continue;
    const auto failed = failures.find(ends);
    json::Object edge{{"client", bounded(ends.first)},
                      {"server", bounded(ends.second)},
                      {"perSecond", per_second},
                      {"failedShare", failed == failures.end() ? 0.0 : share(failed->second, per_second)}};
    if (const auto slow = p95.find(ends); slow != p95.end()) edge["p95Ms"] = slow->second * 1000.0;
    edges.emplace_back(per_second, std::move(edge));
  }
  std::ranges::sort(edges, std::greater<>(), &std::pair<double, json::Object>::first);
  json::Array views;
  for (std::size_t i = 0; i < std::min(edges.size(), kEdgeLimit); ++i) views.push_back(std::move(edges[i].second));
  return json::Object{{"edges", std::move(views)}};
}

Result<json::Object> metrics_view(int status, const json::Value& answer) {
  if (status == 400 || status == 422) return fail_field("?query", bounded(text_at(answer, "error")));
  const json::Value* data = member(answer, "data");
  if (status != 200 || text_at(answer, "status") != "success" || data == nullptr || !data->is_object())
    return fail(Code::kUpstreamFailed, "the metrics are not there");
  json::Object shown{{"resultType", text_at(*data, "resultType")}, {"result", array_at(*data, "result")}};
  json::Object view{{"status", "success"}, {"data", std::move(shown)}};
  if (!array_at(answer, "warnings").empty()) view["warnings"] = array_at(answer, "warnings");
  return view;
}

}  // namespace evc::gateway
