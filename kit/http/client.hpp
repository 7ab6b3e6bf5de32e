// Calls to one named service over keep-alive mTLS connections, with the retry table of architecture.md §5: 5 s per try and never past the caller's deadline, 3 tries for
// idempotent methods or calls that carry a key, full-jitter back-off, retry budget, one circuit breaker per route class. Sends traceparent and evc-deadline-ms, opens a CLIENT span
// per try. One Client per worker and callee.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kit/http/message.hpp"
#include "kit/net/tls.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::http {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

struct ClientOptions {
  std::string service;                  // the callee; its certificate must name it: <service>.evcosta.internal
  std::vector<Endpoint> endpoints;
  std::shared_ptr<net::TlsClient> tls;  // null: plain (tests)
  std::string server_name;              // name to verify, default <service>.evcosta.internal
  std::chrono::milliseconds connect_timeout{1'000};
  std::chrono::milliseconds try_timeout{5'000};
  int tries = 3;
  std::size_t connections = 64;         // per endpoint
  std::size_t response_limit_bytes = 8 << 20;
};

struct Call {
  std::string method = "GET";
  std::string target = "/";     // path and query, already encoded
  std::string route_class;      // breaker and metrics label: the path template
  Headers headers;
  std::string body;
  // A POST that carries an idempotency key may be tried again.
  enum class Repeat { kIdempotent, kOnce } repeat = Repeat::kOnce;
};

class Client {
 public:
  Client(Worker& worker, ClientOptions options);
  ~Client();
  // Any HTTP status is a value; errors are connection-failed, upstream-timeout, circuit-open, deadline-exceeded, protocol-error.
  Task<Result<Response>> send(RequestContext& context, Call call);
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::http
