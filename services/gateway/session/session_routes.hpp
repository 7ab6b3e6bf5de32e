// GET /session, /session/login, /session/callback and POST /session/logout. One per worker.
#pragma once

#include <functional>
#include <string>

#include "services/gateway/session/browser_sessions.hpp"

namespace evc::gateway {

using VerifyToken = std::function<Task<Result<Principal>>(RequestContext&, std::string token)>;

class SessionRoutes {
 public:
  SessionRoutes(BrowserSessions& sessions, AuthCalls& auth, VerifyToken verify)
      : sessions_(sessions), auth_(auth), verify_(std::move(verify)) {}

  Task<http::Response> show(RequestContext& context, http::Request& request);
  Task<http::Response> login(RequestContext& context, http::Request& request);
  Task<http::Response> callback(RequestContext& context, http::Request& request);
  Task<http::Response> logout(RequestContext& context, http::Request& request);

 private:
  Task<Result<http::Response>> read(RequestContext& context, const http::Request& request);
  Task<Result<http::Response>> complete(RequestContext& context, const http::Request& request);

  BrowserSessions& sessions_;
  AuthCalls& auth_;
  VerifyToken verify_;
};

}  // namespace evc::gateway
