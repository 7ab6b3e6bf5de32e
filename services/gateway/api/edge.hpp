// The gateway's routes and what happens to a request on them, built from contracts/routes.yaml. Order of work per
// request: the server has parsed, checked sizes, routed and traced; authentication and scope come first; then limit()
// and require_key(); then the handler forwards. Fails closed: a row that says neither public, driver, operator nor hmac
// stops the start; internal rows answer 404. One Edge per worker; it outlives the server.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "contracts/routes.hpp"
#include "kit/http/client.hpp"
#include "kit/http/router.hpp"
#include "kit/http/server.hpp"
#include "services/gateway/api/admission.hpp"
#include "services/gateway/api/rate_limiter.hpp"

namespace evc::gateway {

using OwnOperations = std::map<std::string, http::Handler, std::less<>>;
using Peers = std::function<std::shared_ptr<http::Client>(const std::string& service)>;

// What whoever runs the platform changes of a row while it runs; the contract stays what it is.
struct RouteChange {
  bool closed = false;           // answered 503
  std::int64_t deadline_ms = 0;  // 0: that of the table
  std::int64_t try_ms = 0;
};
BOOST_DESCRIBE_STRUCT(RouteChange, (), (closed, deadline_ms, try_ms))
using RouteChanges = std::map<std::string, RouteChange>;  // by operation

struct EdgeOptions {
  std::chrono::milliseconds stream_idle{
      90'000};  // a stream that is silent for longer is cut: services send a comment each 15 s
  resilience::GradientOptions admission{.first = 200, .least = 32};
};

class Edge {
 public:
  // `own`: what the gateway answers itself, by operation, beside the explanations of problems. Throws std::logic_error
  // for a table that does not fail closed, or with an operation of the gateway that nobody answers.
  Edge(std::span<const contracts::Route> routes, std::span<const contracts::RateClass> classes, Peers peers,
       RateLimiter& limiter, EdgeOptions options, OwnOperations own = {});

  // Throws std::runtime_error for changes of what is not there or internal, or to what cannot be. May be called again,
  // with a new router: what middleware() gave uses the newest rows.
  void add_routes(http::Router& router, const RouteChanges& changes = {});
  // Middleware, in the order in which it is to be used after authentication.
  std::vector<http::Middleware> middleware();
  const Admission& admission() const { return admission_; }

 private:
  const contracts::Route* row(const http::RouteInfo& info) const;
  void add_route(http::Router& router, const contracts::Route& route, const RouteChanges& changes);
  Task<http::Response> limit(RequestContext& context, http::Request& request, const http::RouteInfo& info,
                             const http::Next& next);
  Task<http::Response> require_key(RequestContext& context, http::Request& request, const http::RouteInfo& info,
                                   const http::Next& next);

  std::span<const contracts::Route> routes_;
  std::span<const contracts::RateClass> classes_;
  Peers peers_;
  RateLimiter& limiter_;
  EdgeOptions options_;
  OwnOperations own_;
  Admission admission_;
  std::shared_ptr<const RouteRows> rows_;
  std::map<std::string, const contracts::Route*, std::less<>> by_name_;  // "GET /stations"
};

}  // namespace evc::gateway
