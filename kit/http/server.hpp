// The strict HTTP/1.1 front over TLS 1.3 (or plain for admin listeners on loopback). Every shape that could smuggle a
// request is refused (one test per shape). Order of work per request: parse → limits → route → trace and metrics →
// middleware (authentication …) → body → handler → headers → access log. The body is read only when every middleware
// has let the request pass, so that nobody makes us hold a body that will be refused; a middleware sees request.body
// empty. One Server per worker and port (SO_REUSEPORT); a connection stays on its worker. Limits are in
// ServerOptions.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kit/http/message.hpp"
#include "kit/http/router.hpp"
#include "kit/net/tls.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;               // 0: a free one, see port()
  std::shared_ptr<net::TlsServer> tls;  // null: plain HTTP (loopback only)
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{20'000};
  std::chrono::milliseconds write_timeout{20'000};
  std::chrono::milliseconds idle_timeout{60'000};
  std::size_t requests_per_connection = 10'000;
  std::size_t connection_limit = 10'000;  // and never more than half of the process's descriptors
  std::string server_name;                // "service" label of metrics and spans
  // kPublic for the gateway: evc-*, x-forwarded-*, forwarded, x-real-ip and hop-by-hop headers from outside are
  // dropped, the sampled flag is not trusted, answers carry the browser's security headers. kInternal has room for what
  // the gateway adds to a head that it took at its limit.
  enum class Trust { kInternal, kPublic } trust = Trust::kInternal;
  // kUnsampled for admin listeners: scrapes and health questions, every second for ever, are not worth a trace.
  enum class Traces { kSampled, kUnsampled } traces = Traces::kSampled;
};

// Middleware around the routed handler, run in the given order; used for authentication and, by the gateway, for
// limits.
using Next = std::function<Task<Response>(RequestContext&, Request&)>;
using Middleware = std::function<Task<Response>(RequestContext&, Request&, const RouteInfo&, const Next&)>;

class Server {
 public:
  Server(Worker& worker, std::shared_ptr<const Router> router, std::vector<Middleware> middleware,
         ServerOptions options);
  ~Server();
  // Throws std::system_error when the port is taken.
  void start();
  std::uint16_t port() const;
  void stop_accepting();
  // Answers `Connection: close`, ends event streams and finishes what is in flight; true when all is done by the
  // deadline.
  Task<bool> drain(SteadyTime deadline);
  void close_all();
  std::size_t connections() const;
  std::size_t in_flight() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::http
