// Method and path template → handler. Built at start, then read-only. A path that matches with another method is 405
// with Allow, a path that matches nothing is 404. Literal segments win over parameters, both over a subtree. The list
// of routes is served by the admin listener (GET /routes) and compared with OpenAPI by tests.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kit/http/message.hpp"
#include "kit/http/websocket.hpp"

namespace evc::http {

using Handler = std::function<Task<Response>(RequestContext&, Request&)>;
// Asked before the upgrade: an error answers with its problem; a value is the subprotocol to select (may be empty).
using WebSocketAccept = std::function<Task<Result<std::string>>(RequestContext&, Request&)>;
using WebSocketHandler = std::function<Task<>(RequestContext&, Request&, WebSocket&)>;

enum class Access {
  kPublic,    // no token
  kToken,     // a valid access token of a driver or operator
  kOperator,  // an operator's token with a role
  kService,   // a service token whose client_id is the peer certificate's name
  kPeer,      // the peer certificate's name alone, without a token
};

enum class Extent {
  kExact,
  kSubtree,  // the template's last segment is a parameter that takes all segments that follow: /console/{path}
};

struct RouteOptions {
  Access access = Access::kToken;
  std::string scope;                 // required scope, empty: none
  std::vector<std::string> callers;  // kService and kPeer: which services may call
  std::size_t body_limit_bytes = 1 << 20;
  std::chrono::milliseconds deadline{4500};  // a service answers within this, less when evc-deadline-ms says so
  Extent extent = Extent::kExact;
};

struct RouteInfo {
  std::string method;
  std::string path;
  RouteOptions options;
};

class Router {
 public:
  Router();
  ~Router();
  // `path` like "/charging/{sessionId}/stop". A duplicate is a start-up failure (throws).
  void add(std::string_view method, std::string_view path, Handler handler, RouteOptions options = {});
  void add_websocket(std::string_view path, WebSocketAccept accept, WebSocketHandler handler,
                     WebSocketOptions options = {});
  std::vector<RouteInfo> routes() const;

  struct Match {
    const Handler* handler = nullptr;
    const WebSocketAccept* accept = nullptr;  // set for a WebSocket route
    const WebSocketHandler* websocket = nullptr;
    const WebSocketOptions* websocket_options = nullptr;
    const RouteInfo* info = nullptr;
    std::shared_ptr<const void> table;  // keeps all of these while the request is served
  };
  // Fills request.route and request.path_parameters. not-found or method-not-allowed (detail holds the allowed
  // methods).
  Result<Match> match(Request& request) const;
  // The routes of `other` from the next request on; those under way end with the ones they began with. On the worker
  // that serves.
  void replace_by(const Router& other) { impl_ = other.impl_; }

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::http
