#include "kit/http/client.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "kit/base/bytes.hpp"
#include "kit/http/call_record.hpp"
#include "kit/http/character_sets.hpp"
#include "kit/http/exchange.hpp"
#include "kit/http/writer.hpp"

namespace evc::http {
namespace {

using resilience::CircuitBreaker;
using resilience::OutlierEjection;
using std::chrono::milliseconds;

enum class Want { kWhole, kStream };
constexpr int kStillRunningLimit = 64;

bool is_retryable(int status) {
  return status == 502 || status == 503 || status == 504;
}

ClientOptions for_streams(ClientOptions options) {
  options.connections = options.streams;
  return options;
}

// A callee that says "your first try still runs": asking again is what it wants.
bool still_running(const Call& call, const Response& response) {
  return response.status == 409 && response.headers.contains("Retry-After") && call.headers.contains("Idempotency-Key");
}

std::optional<milliseconds> retry_after_of(const Response& response) {
  constexpr std::size_t kDigits = 4;
  const std::string_view text = response.headers.get("Retry-After").value_or("");
  if (text.empty() || text.size() > kDigits || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  return std::chrono::seconds(std::stoi(std::string(text)));
}

// A callee that says "overloaded" protects itself already. To suspend it would turn away the calls for which it has
// room.
bool sheds(const Response& response) {
  if (response.status != 503) return false;
  const auto problem = json::parse(response.body);
  if (!problem || !problem->is_object()) return false;
  const auto* code = problem->as_object().if_contains("code");
  return code != nullptr && code->is_string() && code->as_string() == info(Code::kOverloaded).name;
}

// Server errors and 408 count against the callee; other 4xx are answers. So is 429, a healthy callee's to one of its
// clients: who provokes many must not suspend the callee for everybody.
CircuitBreaker::Outcome outcome_of(const Response& response) {
  if (sheds(response)) return CircuitBreaker::Outcome::kNeutral;
  const bool failed = response.status >= 500 || response.status == 408;
  return failed ? CircuitBreaker::Outcome::kFailed : CircuitBreaker::Outcome::kGood;
}

OutlierEjection::Outcome outcome_for_instance(CircuitBreaker::Outcome outcome) {
  switch (outcome) {
    case CircuitBreaker::Outcome::kGood:
      return OutlierEjection::Outcome::kGood;
    case CircuitBreaker::Outcome::kFailed:
      return OutlierEjection::Outcome::kFailed;
    default:
      return OutlierEjection::Outcome::kNeutral;
  }
}

std::string_view name_of(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::kOpen:
      return "open";
    case CircuitBreaker::State::kHalfOpen:
      return "half-open";
    default:
      return "closed";
  }
}

}  // namespace

struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
  Impl(Worker& on, ClientOptions with)
      : worker(on),
        options(std::move(with)),
        pool(std::make_shared<ConnectionPool>(on, options)),
        streams(std::make_shared<ConnectionPool>(on, for_streams(options))),
        outliers(std::make_shared<OutlierEjection>(options.endpoints.size(), options.outliers)),
        metrics(options.service) {
    options.retry.tries = options.tries;
  }

  struct Try {
    std::chrono::steady_clock::time_point begun;
    SteadyTime deadline;
    bool cut_by_caller = false;  // our own deadline is nearer than a try may last
  };

  Worker& worker;
  ClientOptions options;
  std::shared_ptr<ConnectionPool> pool;
  std::shared_ptr<ConnectionPool> streams;
  std::shared_ptr<OutlierEjection> outliers;  // of the endpoints of both pools; a try keeps those with which
                                              // it began
  ClientMetrics metrics;
  resilience::RetryBudget budget;
  std::map<std::string, CircuitBreaker, std::less<>> breakers;

  // The endpoint of a try among those that there are at its beginning. Who is destroyed before record() has said
  // nothing.
  class Turn {
   public:
    Turn(std::shared_ptr<ConnectionPool> from, std::shared_ptr<OutlierEjection> among, SteadyTime now,
         std::optional<std::size_t> tried)
        : from_(std::move(from)), among_(std::move(among)), endpoint_(among_->begin_call(now, tried)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      if (!recorded_) among_->record(endpoint_, OutlierEjection::Outcome::kNeutral, milliseconds(0), {});
    }
    ConnectionPool& from() const { return *from_; }
    std::size_t endpoint() const { return endpoint_; }
    void record(OutlierEjection::Outcome outcome, milliseconds took, SteadyTime now) {
      recorded_ = true;
      among_->record(endpoint_, outcome, took, now);
    }

   private:
    std::shared_ptr<ConnectionPool> from_;
    std::shared_ptr<OutlierEjection> among_;
    std::size_t endpoint_;
    bool recorded_ = false;
  };

  CircuitBreaker& breaker(const Call& call) {
    const std::string& name = call.breaker.empty() ? call.route_class : call.breaker;
    return breakers.try_emplace(name, options.breaker).first->second;
  }
  Try begin_try(const RequestContext& context, const Call& call) const {
    const auto now = std::chrono::steady_clock::now();
    const SteadyTime own = now + (call.try_timeout.count() > 0 ? call.try_timeout : options.try_timeout);
    return {.begun = now, .deadline = std::min(own, context.deadline), .cut_by_caller = context.deadline < own};
  }
  std::string serialize(const Call& call, const Endpoint& to, const telemetry::TraceContext& trace,
                        SteadyTime deadline) const;
  Task<Result<StreamedResponse>> exchange(const Call& call, const telemetry::TraceContext& trace, const Try& current,
                                          const Turn& turn, Want want);
  // `tried`: the endpoint of the try before, then of this one.
  Task<Result<StreamedResponse>> attempt(const RequestContext& context, const Call& call, int number, Want want,
                                         std::optional<std::size_t>& tried);
  static Task<Result<StreamedResponse>> send(std::shared_ptr<Impl> impl, RequestContext& context, Call call, Want want);
  std::optional<milliseconds> wait_before_next(const RequestContext& context, const Call& call,
                                               const Result<StreamedResponse>& last, int& tries, int& waits);
};

std::string Client::Impl::serialize(const Call& call, const Endpoint& to, const telemetry::TraceContext& trace,
                                    SteadyTime deadline) const {
  Headers headers = call.headers;
  headers.remove("Host");
  headers.set("traceparent", trace.traceparent());
  headers.remove("tracestate");
  if (!trace.trace_state.empty()) headers.set("tracestate", trace.trace_state);
  const auto left = std::chrono::floor<milliseconds>(deadline - std::chrono::steady_clock::now());
  headers.set("evc-deadline-ms", std::to_string(std::max<long long>(left.count(), 0)));
  const bool bodiless = call.body.empty() && (call.method == "GET" || call.method == "HEAD" || call.method == "DELETE");
  const BodyLength length{.kind = bodiless ? BodyLength::Kind::kNone : BodyLength::Kind::kLength,
                          .bytes = call.body.size()};
  const std::string host = to.host + ":" + std::to_string(to.port);
  return request_head(call.method, call.target, host, headers, length) + call.body;
}

// One request, on a kept connection if there is one. A kept connection that turns out dead before it said anything was
// closed by the callee meanwhile: that is no failure of the callee, and a call that may be repeated goes out once more
// on a fresh one.
Task<Result<StreamedResponse>> Client::Impl::exchange(const Call& call, const telemetry::TraceContext& trace,
                                                      const Try& current, const Turn& turn, Want want) {
  const std::size_t endpoint = turn.endpoint();
  const auto expect =
      call.method == "HEAD" ? ResponseParser::ExpectBody::kNone : ResponseParser::ExpectBody::kByHeaders;
  auto kind = ConnectionPool::Kind::kAny;
  for (;;) {
    auto lease = co_await turn.from().take(endpoint, kind, current.deadline);
    if (!lease) co_return std::unexpected(std::move(lease).error());
    const std::size_t limit =
        want == Want::kStream ? std::numeric_limits<std::size_t>::max() : options.response_limit_bytes;
    auto one = std::make_shared<Exchange>(std::move(*lease), ResponseParser(expect, limit));
    std::string bytes = serialize(call, turn.from().endpoint(endpoint), trace, current.deadline);
    const auto begun = co_await one->begin(std::move(bytes), current.deadline);
    if (!begun) {
      const bool stale =
          one->reused_connection() && !one->heard_anything() && begun.error().code == Code::kConnectionFailed;
      if (!stale || call.repeat == Call::Repeat::kOnce) co_return std::unexpected(begun.error());
      kind = ConnectionPool::Kind::kFresh;
      continue;
    }
    StreamedResponse answer{.head = {.status = one->head().status, .headers = one->head().headers}, .stream = nullptr};
    const bool goes_on = want == Want::kStream && one->head().chunked && answer.head.status < 300;
    if (goes_on) {
      answer.stream = std::move(one);
      co_return answer;
    }
    auto body = co_await one->read_all(current.deadline);
    if (!body) co_return std::unexpected(std::move(body).error());
    answer.head.body = std::move(*body);
    co_return answer;
  }
}

Task<Result<StreamedResponse>> Client::Impl::attempt(const RequestContext& context, const Call& call, int number,
                                                     Want want, std::optional<std::size_t>& tried) {
  CircuitBreaker& guard = breaker(call);
  const Try current = begin_try(context, call);
  if (!guard.allow(current.begun)) {
    co_return std::unexpected(Error{.code = Code::kCircuitOpen,
                                    .detail = "calls to " + options.service + " are suspended",
                                    .retry_after = guard.retry_after(current.begun)});
  }
  CallRecord record(metrics, context.trace, call, options.service, number);
  Turn turn(want == Want::kStream ? streams : pool, outliers, current.begun, tried);
  tried = turn.endpoint();
  auto answer = co_await exchange(call, record.context(), current, turn, want);
  const auto now = std::chrono::steady_clock::now();
  const auto took = std::chrono::duration_cast<milliseconds>(now - current.begun);
  CircuitBreaker::Outcome outcome = answer ? outcome_of(answer->head) : CircuitBreaker::Outcome::kFailed;
  if (!answer && answer.error().code == Code::kUpstreamTimeout && current.cut_by_caller) {
    // It was our time that ran out; only a wait that is slow by itself says something about the callee.
    if (took <= options.breaker.slow) outcome = CircuitBreaker::Outcome::kNeutral;
    answer = fail(Code::kDeadlineExceeded, "the time allowed was spent waiting for " + options.service);
  }
  if (!answer && answer.error().code == Code::kOverloaded) outcome = CircuitBreaker::Outcome::kNeutral;
  guard.record(outcome, took, now);
  turn.record(outcome_for_instance(outcome), took, now);
  metrics.breaker_state(call.breaker.empty() ? call.route_class : call.breaker, guard.state());
  if (answer) {
    record.finish(answer->head.status);
  } else {
    record.fail(answer.error().code);
  }
  co_return answer;
}

// How long to wait before asking again; nullopt: `last` is what the caller gets.
std::optional<milliseconds> Client::Impl::wait_before_next(const RequestContext& context, const Call& call,
                                                           const Result<StreamedResponse>& last, int& tries,
                                                           int& waits) {
  if (call.repeat == Call::Repeat::kOnce) return std::nullopt;
  const milliseconds left = context.remaining();
  if (last && still_running(call, last->head)) {
    const auto wait = retry_after_of(last->head).value_or(std::chrono::seconds(1));
    if (++waits > kStillRunningLimit || wait >= left) return std::nullopt;
    return wait;
  }
  std::optional<milliseconds> asked;
  if (last) {
    if (!is_retryable(last->head.status)) return std::nullopt;
    asked = retry_after_of(last->head);
  } else {
    const Code code = last.error().code;
    if (code != Code::kConnectionFailed && code != Code::kUpstreamTimeout) return std::nullopt;
  }
  const auto wait = resilience::wait_before(options.retry, tries + 1, random_u64(), asked, left);
  if (!wait || !budget.take_retry(std::chrono::steady_clock::now())) return std::nullopt;
  ++tries;
  metrics.retries(call.route_class).add();
  return wait;
}

Task<Result<StreamedResponse>> Client::Impl::send(std::shared_ptr<Impl> impl, RequestContext& context, Call call,
                                                  Want want) {
  impl->budget.record_call(std::chrono::steady_clock::now());
  int tries = 1;
  int waits = 0;
  std::optional<std::size_t> tried;
  Result<StreamedResponse> last = fail(Code::kDeadlineExceeded, "no time was left to call " + impl->options.service);
  for (int number = 1; !context.expired(); ++number) {
    auto answer = co_await impl->attempt(context, call, number, want, tried);
    // A breaker that opened between two tries does not hide what the callee said.
    const bool suspended = !answer && answer.error().code == Code::kCircuitOpen;
    if (!suspended || number == 1) last = std::move(answer);
    if (suspended) break;
    const auto wait = impl->wait_before_next(context, call, last, tries, waits);
    if (!wait) break;
    co_await sleep_for(impl->worker, *wait);
  }
  co_return last;
}

Client::Client(Worker& worker, ClientOptions options) {
  if (options.endpoints.empty()) throw std::logic_error("no endpoint for the service " + options.service);
  if (options.server_name.empty()) options.server_name = options.service + ".evcosta.internal";
  impl_ = std::make_shared<Impl>(worker, std::move(options));
}

Client::~Client() {
  close();
}

void Client::close() {
  impl_->pool->close();
  impl_->streams->close();
}

void Client::use_endpoints(std::vector<Endpoint> endpoints) {
  const auto same = [](const Endpoint& a, const Endpoint& b) { return a.host == b.host && a.port == b.port; };
  if (endpoints.empty() || std::ranges::equal(endpoints, impl_->options.endpoints, same)) return;
  impl_->options.endpoints = std::move(endpoints);
  impl_->pool->close();
  impl_->streams->close();
  impl_->pool = std::make_shared<ConnectionPool>(impl_->worker, impl_->options);
  impl_->streams = std::make_shared<ConnectionPool>(impl_->worker, for_streams(impl_->options));
  impl_->outliers = std::make_shared<OutlierEjection>(impl_->options.endpoints.size(), impl_->options.outliers);
}

json::Object Client::state() const {
  const auto now = std::chrono::steady_clock::now();
  json::Array instances;
  for (std::size_t i = 0; i < impl_->options.endpoints.size(); ++i) {
    const Endpoint& endpoint = impl_->options.endpoints[i];
    const OutlierEjection& outliers = *impl_->outliers;
    instances.push_back(json::Object{{"address", endpoint.host + ":" + std::to_string(endpoint.port)},
                                     {"inFlight", outliers.in_flight(i)},
                                     {"failuresInARow", outliers.failures(i)},
                                     {"ejectedForMs", outliers.ejected_for(i, now).count()}});
  }
  json::Object breakers;
  for (const auto& [name, breaker] : impl_->breakers) breakers[name] = std::string(name_of(breaker.state()));
  return {{"service", impl_->options.service},
          {"instances", std::move(instances)},
          {"panic", impl_->outliers->panics(now)},
          {"breakers", std::move(breakers)}};
}

Task<Result<StreamedResponse>> Client::send_streaming(RequestContext& context, Call call) {
  return Impl::send(impl_, context, std::move(call), Want::kStream);
}

Task<Result<Response>> Client::send(RequestContext& context, Call call) {
  auto answer = co_await Impl::send(impl_, context, std::move(call), Want::kWhole);
  if (!answer) co_return std::unexpected(std::move(answer).error());
  co_return std::move(answer->head);
}

}  // namespace evc::http
