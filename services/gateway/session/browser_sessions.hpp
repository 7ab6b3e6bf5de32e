// The browser's session at the edge: a request that carries the cookie instead of a token gets the token of its
// session, after it was seen to come from our own pages. What auth said about a session is remembered for a few
// seconds, in this process alone and under a digest of the handle; the session itself is auth's, so that nothing is
// lost when a gateway or Redis goes. One per worker; remembers at most 10,000.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kit/http/server.hpp"
#include "services/gateway/session/auth_calls.hpp"

namespace evc::gateway {

struct SessionOptions {
  std::string origin;  // our own: https://localhost:8443
  std::chrono::milliseconds remembered{5'000};
  std::size_t sessions = 10'000;
};

using VerifyToken = std::function<Task<Result<Principal>>(RequestContext&, std::string token)>;

struct SessionGuards {
  // Asked for each cookie that is not known here, before auth is: rate-limited when too many came from there.
  std::function<Task<Result<void>>(RequestContext&, const http::Request&)> admit;
  VerifyToken verify;
};

class BrowserSessions {
 public:
  BrowserSessions(AuthCalls& auth, SessionGuards guards, SessionOptions options)
      : auth_(auth), guards_(std::move(guards)), options_(std::move(options)) {}

  // To be run before authentication.
  http::Middleware before_authentication();

  // credentials-ambiguous when the cookie comes twice or beside an Authorization header; nullopt: none.
  Result<std::optional<std::string>> handle_of(const http::Request& request) const;
  // cross-site-request.
  Result<void> check_provenance(const http::Request& request) const;
  // unauthenticated when it is over. A token of auth's that we cannot verify is asked for anew, once.
  Task<Result<SessionUse>> use(RequestContext& context, const http::Request& request, std::string handle);
  // The token of it was refused: auth is asked again before it is used.
  void doubt(const std::string& handle);
  void forget(const std::string& handle);
  Task<Result<void>> end(RequestContext& context, std::string handle);
  const std::string& origin() const { return options_.origin; }

 private:
  struct Remembered {
    SessionUse use;
    SteadyTime until;
  };
  Task<Result<SessionUse>> ask(RequestContext& context, std::string handle);
  Task<http::Response> step(RequestContext& context, http::Request& request, const http::RouteInfo& info,
                            const http::Next& next);

  AuthCalls& auth_;
  SessionGuards guards_;
  SessionOptions options_;
  std::map<std::string, Remembered, std::less<>> remembered_;
};

// Set-Cookie of a session that begins (until the browser is closed; how long it lives is auth's matter), and of one
// that is over.
std::string session_cookie(const std::string& handle);
std::string cleared_session_cookie();
// 32 bytes in base64url: anything else is no handle of ours.
bool is_handle(std::string_view text);

}  // namespace evc::gateway
