// Issues the tokens: access tokens for people and services, refresh-token families, and their end.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "kit/base/sealing.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/api/key_ring.hpp"
#include "services/auth/settings.hpp"
#include "services/auth/store/accounts.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {

struct TokenPair {
  std::string access_token;
  std::string token_type = "Bearer";
  std::int64_t expires_in = 0;  // seconds
  std::string refresh_token;
  std::int64_t refresh_expires_in = 0;  // seconds
};
BOOST_DESCRIBE_STRUCT(TokenPair, (), (access_token, token_type, expires_in, refresh_token, refresh_expires_in))

// A pair with what an ID token beside it says.
struct IssuedTokens {
  TokenPair pair;
  Uuid account_id, session_id;
  std::string scope;
  std::optional<WallTime> authenticated_at;
  std::string methods;
};

// What a client of the provider holds of a person who signed in at a browser.
struct ClientSession {
  std::string client_id, scope;
  std::string device;  // as the person sees it among the sessions
  Uuid sign_in_id;
  WallTime authenticated_at{};
  std::string methods;
};

// A refresh token as it was presented.
struct RefreshOrder {
  std::string token;
  std::string client_id;             // who presents it
  std::optional<std::string> scope;  // less than was granted
  // What the client may ask for today, which may be less than it was when it was granted; nullopt: ours.
  std::optional<std::string> client_scope = std::nullopt;
};

// What is done in the transaction of a rotation with its tokens: a failure undoes the rotation.
using WithRotation = std::function<Task<Result<void>>(RequestContext&, postgres::Transaction&, TokenPair)>;

class TokenIssuer {
 public:
  TokenIssuer(AuthSettings settings, KeyRing& keys, postgres::Pool& pool, postgres::Pool& keystore,
              SealKey keystore_key);

  // A new session for a person who has just proved who they are. `secret` is the person's, for the pseudonym; `device`
  // says in a few words what signed in. credentials-invalid when the password was changed since `account` was read.
  Task<Result<TokenPair>> open_session(RequestContext& context, Account account, SealKey secret, std::string device);
  // The same for a client, in the transaction that uses its code up; the caller writes the audit and commits.
  Task<Result<IssuedTokens>> open_client_session(RequestContext& context, postgres::Transaction& transaction,
                                                 Account account, SealKey secret, ClientSession session);
  // Rotation with grace and reuse detection, for our own app. refresh-token-invalid for every kind of bad token.
  Task<Result<TokenPair>> refresh(RequestContext& context, std::string refresh_token, WithRotation also = {});
  // For any client, ours being one. Another's token is refused and stays as it is, and so it does when more is asked
  // than was granted (validation-failed).
  Task<Result<IssuedTokens>> refresh_for(RequestContext& context, RefreshOrder order, WithRotation also = {});
  // By its owner. With a client's the browser's sign-in that it came from ends too, and every session of that.
  // Taken back: that client asks the person again.
  enum class ConsentThen { kStays, kIsTakenBack };
  Task<Result<void>> end_session(RequestContext& context, Uuid session_id, std::string reason, ConsentThen consent);
  // not-found-free: an unknown service is `forbidden`.
  Result<std::string> service_token(const std::string& service, WallTime now) const;
  Task<Result<SealKey>> person_secret(RequestContext& context, Uuid account_id);
  const AuthSettings& settings() const { return settings_; }
  // Everything that the person may ever be granted.
  static std::string scope_of(const Account& account);

 private:
  struct Grant {
    std::string client_id, scope;
  };
  Result<std::string> access_token(const Account& account, const SealKey& secret, const Uuid& session_id,
                                   const Grant& grant, WallTime now) const;
  Task<Result<IssuedTokens>> tokens_for(RequestContext& context, postgres::Transaction& transaction, RefreshRow row,
                                        RefreshOrder order, std::string refresh_token);
  // Makes the tokens before the rotation is committed: who cannot make them uses nothing up.
  Task<Result<IssuedTokens>> issue(RequestContext& context, postgres::Transaction& transaction, RefreshRow row,
                                   RefreshOrder order, std::string refresh_token, WithRotation also);

  AuthSettings settings_;
  KeyRing& keys_;
  postgres::Pool& pool_;
  postgres::Pool& keystore_;
  SealKey keystore_key_;
};

}  // namespace evc::auth_service
