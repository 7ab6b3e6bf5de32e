#include "services/gateway/api/telemetry_stores.hpp"

#include <fmt/format.h>

#include "kit/http/operation.hpp"
#include "kit/http/target.hpp"
#include "services/gateway/domain/metrics_request.hpp"
#include "services/gateway/domain/telemetry_views.hpp"

namespace evc::gateway {
namespace {

using http::Request;
using http::Response;

constexpr std::chrono::milliseconds kStoreTimeout{5'000};
constexpr std::size_t kAnswerLimit = 4 << 20;  // 2,000 spans are some 2.5 MB
constexpr std::size_t kConnections = 8;

std::unique_ptr<http::Client> client_of(Worker& worker, std::string name, const http::Endpoint& endpoint) {
  return std::make_unique<http::Client>(worker, http::ClientOptions{.service = std::move(name),
                                                                    .endpoints = {endpoint},
                                                                    .try_timeout = kStoreTimeout,
                                                                    .tries = 1,
                                                                    .connections = kConnections,
                                                                    .response_limit_bytes = kAnswerLimit});
}

// Names the ends of each series: a span's own service, and the peer that it speaks with.
std::string between(std::string_view series, std::string_view own, std::string_view peer) {
  constexpr std::string_view kNamed = R"expr(label_replace({}, "{}", "$1", "{}", "(.+)"))expr";
  return fmt::format(kNamed, fmt::format(kNamed, series, own, "service_name"), peer, "peer_service");
}

std::string rate_of(std::string_view metric, std::string_view kinds, std::string_view more) {
  return fmt::format(R"(rate({}{{span_kind=~"{}",peer_service!=""{}}}[5m]))", metric, kinds, more);
}

constexpr std::string_view kCallers = "SPAN_KIND_(CLIENT|PRODUCER)";

// Calls per second, where a consumer is called by its topic.
std::string edges(std::string_view more) {
  constexpr std::string_view kCalls = "ev_edge_calls_total";
  return fmt::format("sum by (client, server) ({}) or sum by (client, server) ({})",
                     between(rate_of(kCalls, kCallers, more), "client", "server"),
                     between(rate_of(kCalls, "SPAN_KIND_CONSUMER", more), "server", "client"));
}

std::string slowest_twentieth() {
  return fmt::format("histogram_quantile(0.95, sum by (client, server, le) ({}))",
                     between(rate_of("ev_edge_duration_seconds_bucket", kCallers, ""), "client", "server"));
}

Result<std::string> read_trace_id(std::string_view pointer, std::optional<std::string_view> text) {
  const bool good = text && text->size() == 32 &&
                    text->find_first_not_of("0123456789abcdef") == std::string_view::npos &&
                    text->find_first_not_of('0') != std::string_view::npos;
  if (!good) return fail_field(std::string(pointer), "32 hexadecimal digits");
  return std::string(*text);
}

// What an operator learns of a store that does not answer: that it does not.
Error public_error(Error error) {
  if (error.code == Code::kConnectionFailed || error.code == Code::kProtocolError)
    return {.code = Code::kUpstreamFailed, .detail = "the telemetry store does not answer"};
  return error;
}

Task<Result<Response>> ask(http::Client& client, RequestContext& context, std::string target, std::string route) {
  co_return co_await client.send(
      context,
      {.target = std::move(target), .route_class = std::move(route), .repeat = http::Call::Repeat::kIdempotent});
}

}  // namespace

TelemetryStores::TelemetryStores(Worker& worker, const StoreAddresses& addresses)
    : traces_(client_of(worker, "trace-store", addresses.traces)),
      logs_(client_of(worker, "log-store", addresses.logs)),
      metrics_(client_of(worker, "metrics-store", addresses.metrics)) {}

TelemetryStores::~TelemetryStores() {
  traces_->close();
  logs_->close();
  metrics_->close();
}

http::Handler TelemetryStores::handler(Operation operation) {
  return [this, operation](RequestContext& context, Request& request) { return answer(operation, context, request); };
}

Task<Response> TelemetryStores::answer(Operation operation, RequestContext& context, Request& request) {
  auto body = co_await (this->*operation)(context, request);
  if (!body) co_return http::problem(public_error(std::move(body).error()), context, request.path);
  co_return http::no_store(Response::json(200, *body));
}

std::map<std::string, http::Handler, std::less<>> TelemetryStores::handlers() {
  return {{"getTrace", handler(&TelemetryStores::trace)},
          {"listTraceRecords", handler(&TelemetryStores::records)},
          {"getServiceMap", handler(&TelemetryStores::service_map)},
          {"queryMetrics", handler(&TelemetryStores::metrics)},
          {"queryMetricsRange", handler(&TelemetryStores::metrics_range)}};
}

Task<Result<json::Object>> TelemetryStores::trace(RequestContext& context, Request& request) {
  EVC_CO_TRY(id, read_trace_id("traceId", request.path_parameters.at("traceId")));
  EVC_CO_TRY(answer, co_await ask(*traces_, context, "/api/traces/" + id, "/api/traces/{traceId}"));
  if (answer.status == 404) co_return fail(Code::kNotFound, "the trace store knows no such trace, or no longer");
  if (answer.status != 200) co_return fail(Code::kUpstreamFailed, "the trace store refuses");
  EVC_CO_TRY(body, json::parse(answer.body));
  co_return trace_view(id, body);
}

Task<Result<json::Object>> TelemetryStores::records(RequestContext& context, Request& request) {
  EVC_CO_TRY(id, read_trace_id("?traceId", request.query.get("traceId")));
  // One more than is shown tells whether there are more.
  const std::string query = fmt::format("_time:30d trace_id:{} | sort by (_time) | limit {}", id, kRecordLimit + 1);
  EVC_CO_TRY(answer, co_await ask(*logs_, context, "/select/logsql/query?query=" + http::percent_encode(query),
                                  "/select/logsql/query"));
  if (answer.status != 200) co_return fail(Code::kUpstreamFailed, "the log store refuses");
  co_return records_view(answer.body);
}

Task<Result<json::Value>> TelemetryStores::vector(RequestContext& context, std::string expression) {
  EVC_CO_TRY(answer,
             co_await ask(*metrics_, context, "/api/v1/query?timeout=4s&query=" + http::percent_encode(expression),
                          "/api/v1/query"));
  co_return json::parse(answer.body);
}

Task<Result<json::Object>> TelemetryStores::service_map(RequestContext& context, Request&) {
  EVC_CO_TRY(calls, co_await vector(context, edges("")));
  EVC_CO_TRY(failures, co_await vector(context, edges(R"(,status_code="STATUS_CODE_ERROR")")));
  EVC_CO_TRY(p95, co_await vector(context, slowest_twentieth()));
  co_return service_map_view({.calls = std::move(calls), .failures = std::move(failures), .p95 = std::move(p95)});
}

Task<Result<json::Object>> TelemetryStores::metrics(RequestContext& context, Request& request) {
  const auto expression = request.query.get("query");
  EVC_CO_CHECK(check_expression(expression));
  EVC_CO_TRY(moment, read_moment("?time", request.query.get("time")));
  std::string target = "/api/v1/query?timeout=4s&query=" + http::percent_encode(*expression);
  if (moment) target += fmt::format("&time={:.3f}", *moment);
  EVC_CO_TRY(answer, co_await ask(*metrics_, context, std::move(target), "/api/v1/query"));
  EVC_CO_TRY(body, json::parse(answer.body));
  co_return metrics_view(answer.status, body);
}

Task<Result<json::Object>> TelemetryStores::metrics_range(RequestContext& context, Request& request) {
  const auto expression = request.query.get("query");
  EVC_CO_CHECK(check_expression(expression));
  EVC_CO_TRY(range, read_range({.start = request.query.get("start"),
                                .end = request.query.get("end"),
                                .step = request.query.get("step")}));
  std::string target = fmt::format("/api/v1/query_range?timeout=4s&start={:.3f}&end={:.3f}&step={:.3f}&query={}",
                                   range.start_s, range.end_s, range.step_s, http::percent_encode(*expression));
  EVC_CO_TRY(answer, co_await ask(*metrics_, context, std::move(target), "/api/v1/query_range"));
  EVC_CO_TRY(body, json::parse(answer.body));
  co_return metrics_view(answer.status, body);
}

}  // namespace evc::gateway
