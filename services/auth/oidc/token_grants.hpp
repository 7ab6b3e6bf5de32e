// The token endpoint and what else a client does with tokens: codes and refresh tokens for tokens, introspection
// (RFC 7662), revocation (RFC 7009), and the ID token (OpenID Connect Core §2). A code is good once: used again, what
// it made ends. One per worker.
#pragma once

#include <optional>
#include <string>

#include "services/auth/api/tokens.hpp"
#include "services/auth/domain/authorization.hpp"
#include "services/auth/store/sign_ins.hpp"

namespace evc::auth_service {

class TokenGrants {
 public:
  TokenGrants(postgres::Pool& pool, KeyRing& keys, TokenIssuer& issuer) : pool_(pool), keys_(keys), issuer_(issuer) {}

  // The answer of the token endpoint. verification-invalid for every code that is not good for this client and request,
  // refresh-token-invalid likewise; validation-failed when a scope is asked that was not granted.
  Task<Result<json::Object>> redeem(RequestContext& context, OauthClient client, Parameters fields);
  Task<Result<json::Object>> refresh(RequestContext& context, OauthClient client, Parameters fields);

  // RFC 7662 §2.2; of another client's token, and of what is over, `{"active": false}` alone.
  Task<Result<json::Object>> introspect(RequestContext& context, OauthClient client, std::string token);
  // Done for any token, also one that means nothing: the family of a refresh token, or an access token by itself.
  Task<Result<void>> revoke(RequestContext& context, OauthClient client, std::string token);

  // A token that one of our keys has signed, whatever its times say.
  std::optional<json::Object> ours(const std::string& token, std::string_view type) const;

 private:
  Task<Result<IssuedTokens>> use(RequestContext& context, postgres::Transaction& transaction, const OauthClient& client,
                                 CodeRow row, std::string hash);
  Task<Result<void>> end_what_it_made(RequestContext& context, postgres::Transaction& transaction, CodeRow row);
  Result<json::Object> answer(const OauthClient& client, IssuedTokens issued, const std::string& nonce,
                              WallTime now) const;

  postgres::Pool& pool_;
  KeyRing& keys_;
  TokenIssuer& issuer_;
};

}  // namespace evc::auth_service
