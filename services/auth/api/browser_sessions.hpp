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
  std::optional<std::string> replaces;  // handle of the session that this browser had before
};
BOOST_DESCRIBE_STRUCT(BrowserSessionBegin, (), (handle, access_token, expires_in, refresh_token, replaces))

struct BrowserSessionQuestion {
  std::string handle;
  std::optional<std::string> refused;  // digest_of_token() of the access token that a verifier did not take
};
BOOST_DESCRIBE_STRUCT(BrowserSessionQuestion, (), (handle, refused))
// SHA-256, base64url.
std::string digest_of_token(const std::string& access_token);

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
  // form of one. The session that it replaces ends with its family alone: the browser's sign-in, which both may come
  // from, goes on.
  Task<Result<WallTime>> begin(RequestContext& context, BrowserSessionBegin begin);
  // not-found when there is no such session or it is over. Tokens that were refused are renewed if they are still those
  // of the session.
  Task<Result<BrowserSessionUse>> use(RequestContext& context, BrowserSessionQuestion question);
  // Ends the family and the sign-in that it came from. Idempotent.
  Task<Result<void>> end(RequestContext& context, std::string handle);

 private:
  SealKey key_for(const std::string& handle) const;
  std::string sealed(const std::string& handle, const BrowserTokens& tokens) const;
  Result<BrowserTokens> opened(const std::string& handle, const BrowserSessionRow& row) const;
  Task<Result<std::string>> name_of(RequestContext& context, Uuid account_id);
  Task<Result<void>> insert(RequestContext& context, NewBrowserSession session, std::optional<std::string> replaces);
  Task<Result<void>> renew(RequestContext& context, std::string handle, BrowserSessionRow row, BrowserTokens tokens);
  Task<Result<void>> store(RequestContext& context, postgres::Transaction& transaction, std::string handle,
                           std::int64_t version, BrowserTokens tokens, std::int64_t expires_in);
  Task<Result<std::string>> subject_of(RequestContext& context, std::string handle, BrowserSessionRow row);
  Task<Result<void>> end_unreadable(RequestContext& context, std::string hash, BrowserSessionRow row);
  Task<Result<BrowserSessionUse>> used(RequestContext& context, std::string handle, BrowserSessionRow row,
                                       BrowserTokens tokens);

  Parts parts_;
  BrowserSessionLife life_;
};

}  // namespace evc::auth_service
