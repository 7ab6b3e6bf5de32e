// GET /session, /session/login, /session/callback and POST /session/logout. One per worker.
#pragma once

#include <string>

#include "services/gateway/session/browser_sessions.hpp"

namespace evc::gateway {

class SessionRoutes {
 public:
  SessionRoutes(BrowserSessions& sessions, AuthCalls& auth, VerifyToken verify)
      : sessions_(sessions), auth_(auth), verify_(std::move(verify)) {}

  Task<http::Response> show(RequestContext& context, http::Request& request);
  Task<http::Response> login(RequestContext& context, http::Request& request);
  Task<http::Response> callback(RequestContext& context, http::Request& request);
  Task<http::Response> logout(RequestContext& context, http::Request& request);

 private:
  struct SignIn;
  Task<Result<http::Response>> read(RequestContext& context, const http::Request& request);
  Task<Result<http::Response>> seen(RequestContext& context, const http::Request& request, std::string handle);
  Task<Result<http::Response>> complete(RequestContext& context, const http::Request& request, SignIn begun);

  BrowserSessions& sessions_;
  AuthCalls& auth_;
  VerifyToken verify_;
};

}  // namespace evc::gateway
