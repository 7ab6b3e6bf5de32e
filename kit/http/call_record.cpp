#include "kit/http/call_record.hpp"

#include "kit/telemetry/log.hpp"
#include "kit/telemetry/semconv.hpp"

namespace evc::http {

namespace semconv = telemetry::semconv;

telemetry::Histogram& ClientMetrics::duration(std::string_view route, std::string_view method,
                                              std::string_view status) {
  const auto found = durations_.find(std::tuple(route, method, status));
  if (found != durations_.end()) return found->second;
  const telemetry::Labels labels{
      {"peer", peer_}, {"route", std::string(route)}, {"method", std::string(method)}, {"status", std::string(status)}};
  auto series = telemetry::metrics().histogram("http_client_request_duration_seconds",
                                               "Time of one try; status is an HTTP status or an error code", labels,
                                               telemetry::latency_bounds_seconds());
  return durations_.emplace(std::tuple(route, method, status), series).first->second;
}

telemetry::Counter& ClientMetrics::retries(std::string_view route) {
  const auto found = retries_.find(route);
  if (found != retries_.end()) return found->second;
  auto series = telemetry::metrics().counter("http_client_retries_total", "Tries after the first",
                                             {{"peer", peer_}, {"route", std::string(route)}});
  return retries_.emplace(route, series).first->second;
}

void ClientMetrics::breaker_state(std::string_view name, resilience::CircuitBreaker::State state) {
  auto found = breakers_.find(name);
  if (found == breakers_.end()) {
    auto gauge = telemetry::metrics().gauge("http_client_breaker_state", "0 closed, 1 half-open, 2 open",
                                            {{"peer", peer_}, {"breaker", std::string(name)}});
    found = breakers_.emplace(name, Breaker{.gauge = gauge}).first;
  }
  using State = resilience::CircuitBreaker::State;
  if (found->second.state == state) return;
  found->second.state = state;
  found->second.gauge.set(state == State::kClosed ? 0 : state == State::kHalfOpen ? 1 : 2);
  const std::string_view text = state == State::kClosed ? "closed" : state == State::kHalfOpen ? "half-open" : "open";
  EVC_LOG(kWarn, "a circuit breaker changed",
          {{telemetry::key::kPeer, peer_}, {telemetry::key::kHttpRoute, found->first}, {telemetry::key::kState, text}});
}

namespace {

telemetry::SpanOptions span_options(const Call& call, const std::string& peer, int number) {
  telemetry::SpanOptions options{.kind = telemetry::SpanKind::kClient};
  options.attributes = {{semconv::kHttpRequestMethod, call.method},
                        {semconv::kUrlTemplate, call.route_class},
                        {semconv::kPeerService, peer},
                        {semconv::kServerAddress, peer}};
  if (number > 1)
    options.attributes.push_back({semconv::kHttpRequestResendCount, static_cast<std::int64_t>(number - 1)});
  return options;
}

}  // namespace

CallRecord::CallRecord(ClientMetrics& metrics, const telemetry::TraceContext& parent, const Call& call,
                       const std::string& peer, int number)
    : metrics_(metrics),
      call_(call),
      span_(telemetry::start_span(call.method + " " + call.route_class, parent, span_options(call, peer, number))) {}

void CallRecord::observe(std::string_view status) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  metrics_.duration(call_.route_class, call_.method, status).observe(seconds, &span_.context());
}

void CallRecord::finish(int status) {
  const std::string text = std::to_string(status);
  span_.set(semconv::kHttpResponseStatusCode, static_cast<std::int64_t>(status));
  if (status >= 400) span_.fail(text);
  observe(text);
  span_.end();
}

void CallRecord::fail(Code code) {
  span_.fail(info(code).name);
  observe(info(code).name);
  span_.end();
}

}  // namespace evc::http
