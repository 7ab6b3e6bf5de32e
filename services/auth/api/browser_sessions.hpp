// The browser sessions that the gateway keeps for people: their tokens under a handle that only the browser has. The
// gateway brings the handle and gets the access token of the moment; renewing it is done here, once however many ask.
// One per worker.
#pragma once

#include <string>

#include "kit/base/sealing.hpp"
#include "kit/runtime/worker.hpp"
#include "services/auth/api/tokens.hpp"
#include "services/auth/domain/browser_session.hpp"
#include "services/auth/store/browser_sessions.hpp"

namespace evc::auth_service {

// What the gateway got for a code.
struct BrowserSessionBegin {
  std::string handle;
  std::string access_token;
  std::int64_t expires_in = 0;  // of the access token, seconds
  std::string refresh_token;
};
BOOST_DESCRIBE_STRUCT(BrowserSessionBegin, (), (handle, access_token, expires_in, refresh_token))

struct BrowserSessionUse {
  std::string access_token;
  WallTime access_expires_at{};
  WallTime expires_at{};  // of the session, if nothing more is asked
  std::string name;
};
BOOST_DESCRIBE_STRUCT(BrowserSessionUse, (), (access_token, access_expires_at, expires_at, name))

// What is sealed of a session.
struct BrowserTokens {
  std::string access_token;
  std::string refresh_token;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(BrowserTokens, (), (access_token, refresh_token, name))

class BrowserSessions {
 public:
  struct Parts {
    Worker& worker;
    postgres::Pool& pool;
    TokenIssuer& issuer;
    SealKey key;
  };
  explicit BrowserSessions(Parts parts);

  // refresh-token-invalid when the tokens are not a live family's newest; validation-failed for a handle without the
  // form of one.
  Task<Result<WallTime>> begin(RequestContext& context, BrowserSessionBegin begin);
  // not-found when there is no such session or it is over.
  Task<Result<BrowserSessionUse>> use(RequestContext& context, std::string handle);
  // Ends the family. Idempotent.
  Task<Result<void>> end(RequestContext& context, std::string handle);

 private:
  SealKey key_for(const std::string& handle) const;
  std::string sealed(const std::string& handle, const BrowserTokens& tokens) const;
  Result<BrowserTokens> opened(const std::string& handle, const BrowserSessionRow& row) const;
  Task<Result<std::string>> name_of(RequestContext& context, Uuid account_id);
  Task<Result<void>> renew(RequestContext& context, std::string handle, BrowserSessionRow row, BrowserTokens tokens);
  Task<Result<BrowserSessionUse>> used(RequestContext& context, std::string handle, BrowserSessionRow row,
                                       BrowserTokens tokens);

  Parts parts_;
  BrowserSessionLife life_;
};

}  // namespace evc::auth_service
