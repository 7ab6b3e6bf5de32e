// What the gateway asks auth about browser sessions: tokens for a code, and the session that auth keeps under a handle.
// One per worker.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/describe.hpp>

#include "kit/base/clock.hpp"
#include "kit/http/client.hpp"

namespace evc::gateway {

struct CodeExchange {
  std::string code;
  std::string verifier;  // of PKCE
  std::string redirect_uri;
};

struct CodeTokens {
  std::string access_token;
  std::int64_t expires_in = 0;
  std::string refresh_token;
};

struct SessionUse {
  std::string access_token;
  WallTime access_expires_at{};
  WallTime expires_at{};
  std::string name;
};
BOOST_DESCRIBE_STRUCT(SessionUse, (), (access_token, access_expires_at, expires_at, name))

class AuthCalls {
 public:
  explicit AuthCalls(std::shared_ptr<http::Client> auth) : auth_(std::move(auth)) {}

  // sign-in-incomplete when auth does not take the code.
  Task<Result<CodeTokens>> exchange(RequestContext& context, CodeExchange exchange);
  // `replaces`: the handle that the browser had before; its session ends.
  Task<Result<void>> begin(RequestContext& context, std::string handle, CodeTokens tokens,
                           std::optional<std::string> replaces);
  // unauthenticated when there is no such session any more. `refused`: an access token of it that we cannot verify.
  Task<Result<SessionUse>> use(RequestContext& context, std::string handle, std::optional<std::string> refused = {});
  Task<Result<void>> end(RequestContext& context, std::string handle);

 private:
  Task<Result<http::Response>> post(RequestContext& context, std::string path, std::string type, std::string body,
                                    http::Call::Repeat repeat);

  std::shared_ptr<http::Client> auth_;
};

inline constexpr std::string_view kConsoleClient = "evcosta-console";

}  // namespace evc::gateway
