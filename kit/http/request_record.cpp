#include "kit/http/request_record.hpp"

#include <algorithm>
#include <array>

#include "kit/telemetry/log.hpp"
#include "kit/telemetry/semconv.hpp"

namespace evc::http {

namespace semconv = telemetry::semconv;

ServerMetrics::ServerMetrics(std::string service) : service_(std::move(service)) {
  auto& registry = telemetry::metrics();
  const telemetry::Labels labels{{"service", service_}};
  connections = registry.gauge("http_server_connections", "Open connections", labels);
  in_flight = registry.gauge("http_server_requests_in_flight", "Requests being served", labels);
  refused_connections =
      registry.counter("http_server_connections_refused_total", "Connections closed because of the limit", labels);
}

telemetry::Histogram& ServerMetrics::duration(std::string_view route, std::string_view method, int status) {
  const auto found = durations_.find(std::tuple(route, method, status));
  if (found != durations_.end()) return found->second;
  const telemetry::Labels labels{{"service", service_},
                                 {"route", std::string(route)},
                                 {"method", std::string(method)},
                                 {"status", std::to_string(status)}};
  auto series = telemetry::metrics().histogram("http_server_request_duration_seconds",
                                               "Time from the request's head to the end of its answer", labels,
                                               telemetry::latency_bounds_seconds());
  return durations_.emplace(std::tuple(route, method, status), series).first->second;
}

std::string_view method_label(std::string_view method) {
  constexpr std::array<std::string_view, 7> kKnown{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  const auto found = std::ranges::find(kKnown, method);
  return found == kKnown.end() ? "other" : *found;
}

namespace {

std::string_view route_label(const Request& request) {
  return request.route.empty() ? "unmatched" : std::string_view(request.route);
}

// The route's template, never the path itself: a path may name a person by an internal id.
telemetry::SpanOptions span_options(const Request& request) {
  telemetry::SpanOptions options{.kind = telemetry::SpanKind::kServer};
  options.attributes = {{semconv::kHttpRequestMethod, std::string(method_label(request.method))},
                        {semconv::kUrlScheme, std::string("https")}};
  if (!request.route.empty()) options.attributes.push_back({semconv::kHttpRoute, request.route});
  if (const auto host = request.headers.get("Host"))
    options.attributes.push_back({semconv::kServerAddress, std::string(*host)});
  return options;
}

std::string span_name(const Request& request) {
  std::string name(method_label(request.method));
  if (!request.route.empty()) name.append(" ").append(request.route);
  return name;
}

}  // namespace

RequestRecord::RequestRecord(ServerMetrics& metrics, RequestContext& context, const Request& request,
                             const telemetry::TraceContext& parent)
    : metrics_(metrics), span_(telemetry::start_span(span_name(request), parent, span_options(request))) {
  context.trace = span_.context();
  metrics_.in_flight.add(1);
}

void RequestRecord::add_headers(const RequestContext& context, Response& response) const {
  const std::string traceparent = context.trace.traceparent();
  response.headers.set("traceresponse", traceparent);
  response.headers.set("Server-Timing", "traceparent;desc=\"" + traceparent + "\"");
}

void RequestRecord::finish(const RequestContext& context, const Request& request, const Response& response) {
  const std::string_view method = method_label(request.method);
  const double seconds = std::chrono::duration<double>(took_).count();
  metrics_.in_flight.add(-1);
  metrics_.duration(route_label(request), method, response.status).observe(seconds, &context.trace);
  span_.set(semconv::kHttpResponseStatusCode, static_cast<std::int64_t>(response.status));
  if (response.status >= 500) span_.fail(std::to_string(response.status));
  span_.end();
  // Polls of our own processes and health probes are not sampled: at info they would bury what people did.
  const telemetry::Level level =
      context.trace.sampled || response.status >= 500 ? telemetry::Level::kInfo : telemetry::Level::kDebug;
  if (!telemetry::log_enabled(level)) return;
  telemetry::log(level, context.trace, "request served",
                 {{telemetry::key::kHttpMethod, method},
                  {telemetry::key::kHttpRoute, route_label(request)},
                  {telemetry::key::kHttpStatus, response.status},
                  {telemetry::key::kDurationUs, std::chrono::duration_cast<std::chrono::microseconds>(took_).count()}});
}

}  // namespace evc::http
