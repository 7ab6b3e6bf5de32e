// Calls to one named service over keep-alive mTLS connections, with one retry table: 5 s per try and never past the
// caller's deadline; 3 tries for calls marked kIdempotent (on a refused or lost connection, a timeout, 502, 503, 504),
// with full-jitter back-off, Retry-After and a retry budget; one circuit breaker per route class. The 409 by which a
// keyed call says that its first try still runs is asked again as often as the deadline allows. Sends traceparent and
// evc-deadline-ms, opens a CLIENT span per try. Of several endpoints the one with the fewest calls under way is asked;
// who fails or is much slower than the others is left alone for a while. One Client per worker and callee.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kit/http/message.hpp"
#include "kit/net/tls.hpp"
#include "kit/resilience/circuit_breaker.hpp"
#include "kit/resilience/outlier_ejection.hpp"
#include "kit/resilience/retry.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::http {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

struct ClientOptions {
  std::string service;  // the callee; its certificate must name it: <service>.evcosta.internal
  std::vector<Endpoint> endpoints;
  std::shared_ptr<net::TlsClient> tls;  // null: plain (tests)
  std::string server_name;              // name to verify, default <service>.evcosta.internal
  std::chrono::milliseconds connect_timeout{1'000};
  std::chrono::milliseconds try_timeout{5'000};
  int tries = 3;
  resilience::RetryOptions retry;       // `tries` above wins
  resilience::BreakerOptions breaker;   // one per route class
  resilience::OutlierOptions outliers;  // among the endpoints
  std::size_t connections = 64;         // per endpoint; further calls wait for one within their try
  std::size_t streams = 2'000;  // per endpoint, on connections of their own, so that listeners take nothing from calls
  std::chrono::milliseconds idle_timeout{30'000};  // a connection kept longer is closed; servers keep theirs for 60 s
  std::size_t response_limit_bytes = 8 << 20;
};

struct Call {
  std::string method = "GET";
  std::string target = "/";  // path and query, already encoded
  std::string route_class;   // metrics label, span name and, unless `breaker` is given, breaker: the path template
  std::string breaker;       // calls that share a breaker
  std::chrono::milliseconds try_timeout{0};  // of one try; 0: that of the client
  Headers headers;
  std::string body;
  // A POST that carries an idempotency key may be tried again.
  enum class Repeat { kIdempotent, kOnce } repeat = Repeat::kOnce;
};

// The body of an answer that goes on, e.g. server-sent events. Destroying it ends the connection.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  // The next decoded bytes as they arrive; empty at the regular end. connection-failed, upstream-timeout or
  // protocol-error when it was cut.
  virtual Task<Result<std::string>> next(SteadyTime deadline) = 0;
};
struct StreamedResponse {
  Response head;                           // with its body when `stream` is null
  std::shared_ptr<ResponseStream> stream;  // set for a successful chunked answer
};

class Client {
 public:
  Client(Worker& worker, ClientOptions options);
  ~Client();
  // Any HTTP status is a value; errors are connection-failed, upstream-timeout, circuit-open, deadline-exceeded,
  // protocol-error.
  Task<Result<Response>> send(RequestContext& context, Call call);
  // As send(), but a successful chunked answer is handed over once its head is there; the deadline ends with the head.
  Task<Result<StreamedResponse>> send_streaming(RequestContext& context, Call call);
  // From the next try on. What is under way with the ones before ends there;
  // what was known of them is forgotten.
  void use_endpoints(std::vector<Endpoint> endpoints);
  // For whoever looks: the instances with their state, and the breakers.
  json::Object state() const;
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::http
