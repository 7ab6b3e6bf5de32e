// Issues the tokens: access tokens for people and services, refresh-token families, and their end.
#pragma once

#include <optional>
#include <string>

#include "kit/base/sealing.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/api/key_ring.hpp"
#include "services/auth/settings.hpp"
#include "services/auth/store/accounts.hpp"
#include "services/auth/store/keystore_key.hpp"

namespace evc::auth_service {

struct TokenPair {
  std::string access_token;
  std::string token_type = "Bearer";
  std::int64_t expires_in = 0;  // seconds
  std::string refresh_token;
  std::int64_t refresh_expires_in = 0;  // seconds
};
BOOST_DESCRIBE_STRUCT(TokenPair, (), (access_token, token_type, expires_in, refresh_token, refresh_expires_in))

class TokenIssuer {
 public:
  TokenIssuer(AuthSettings settings, KeyRing& keys, postgres::Pool& pool, postgres::Pool& keystore,
              KeystoreKey keystore_key);

  // A new session for a person who has just proved who they are. `secret` is the person's, for the pseudonym; `device`
  // says in a few words what signed in, `passkey` with which one. credentials-invalid when the password was changed
  // since `account` was read, or the passkey is gone.
  Task<Result<TokenPair>> open_session(RequestContext& context, Account account, SealKey secret, std::string device,
                                       std::optional<Uuid> passkey = std::nullopt);
  // Rotation with grace and reuse detection. refresh-token-invalid for every kind of bad token.
  Task<Result<TokenPair>> refresh(RequestContext& context, std::string refresh_token);
  Task<Result<void>> end_session(RequestContext& context, Uuid session_id, std::string reason);
  // not-found-free: an unknown service is `forbidden`.
  Result<std::string> service_token(const std::string& service, WallTime now) const;
  Task<Result<SealKey>> person_secret(RequestContext& context, Uuid account_id);
  const AuthSettings& settings() const { return settings_; }

 private:
  Result<std::string> access_token(const Account& account, const SealKey& secret, const Uuid& session_id,
                                   WallTime now) const;
  Task<Result<TokenPair>> pair_for(RequestContext& context, Uuid account_id, Uuid session_id,
                                   std::string refresh_token);

  AuthSettings settings_;
  KeyRing& keys_;
  postgres::Pool& pool_;
  postgres::Pool& keystore_;
  KeystoreKey keystore_key_;
};

}  // namespace evc::auth_service
