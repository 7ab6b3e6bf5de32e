// Browsers that have signed in at the provider (sessions without refresh tokens, held by a cookie), and the codes that
// they fetch for clients.
#pragma once

#include <optional>
#include <string>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

struct SignInRow {
  Uuid id, account_id;
  WallTime authenticated_at{};
  std::string methods;
};
// Of an account that may sign in; nullopt: ended, over or unknown.
Task<Result<std::optional<SignInRow>>> find_sign_in(RequestContext& context, postgres::Pool& pool,
                                                    std::string cookie_hash, WallTime now);
// Whether it has not ended; it cannot before the transaction does. Whoever makes a session of a sign-in asks this after
// the session stands there, and makes none when the answer is no.
Task<Result<bool>> hold_sign_in(RequestContext& context, postgres::Transaction& transaction, Uuid id);
// The same browser has signed in again as the same person: what hangs on the old sign-in hangs on the new one.
Task<Result<void>> replace_sign_in(RequestContext& context, postgres::Transaction& transaction, Uuid old_id,
                                   Uuid new_id, WallTime now);
// The sign-in and every session that came from it; their access tokens are refused. Idempotent.
Task<Result<void>> end_sign_in(RequestContext& context, postgres::Transaction& transaction, Uuid id, std::string reason,
                               WallTime now, WallTime denied_until);
// The same for the sign-in that a session came from or is; nothing when it came from none.
Task<Result<void>> end_sign_in_of(RequestContext& context, postgres::Transaction& transaction, Uuid session_id,
                                  std::string reason, WallTime now, WallTime denied_until);
// The sign-in that a session came from, also of one that has ended; nullopt: none, or no such session.
struct SessionOrigin {
  Uuid account_id;
  std::optional<Uuid> sign_in_id;
  std::optional<std::string> client_id;
};
Task<Result<std::optional<SessionOrigin>>> origin_of_session(RequestContext& context, postgres::Pool& pool, Uuid id);

struct CodeRow {
  std::string client_id;
  Uuid account_id, sign_in_id;
  std::string redirect_uri, scope, nonce, code_challenge;  // the last two may be empty
  WallTime expires_at{};
  bool used = false;
  std::optional<Uuid> session_id;  // that it made
  bool sign_in_live = false;
  WallTime authenticated_at{};
  std::string methods;
};
struct NewCode {
  std::string hash;
  CodeRow row;
  WallTime created_at{};
};
Task<Result<void>> insert_code(RequestContext& context, postgres::Pool& pool, NewCode code);
// Held until the transaction ends: of two at once one gets it unused.
Task<Result<std::optional<CodeRow>>> lock_code(RequestContext& context, postgres::Transaction& transaction,
                                               std::string hash);
Task<Result<void>> use_code(RequestContext& context, postgres::Transaction& transaction, std::string hash,
                            Uuid session_id, WallTime now);

// What is known of a session and of a refresh token of it, for introspection.
struct HeldToken {
  Uuid session_id, account_id;
  std::string client_id, scope;
  WallTime expires_at{};
};
// nullopt: rotated, over, ended or unknown.
Task<Result<std::optional<HeldToken>>> live_refresh_token(RequestContext& context, postgres::Pool& pool,
                                                          std::string hash, WallTime now);
// Also of a token that was rotated.
Task<Result<std::optional<HeldToken>>> family_of_refresh_token(RequestContext& context, postgres::Pool& pool,
                                                               std::string hash);
Task<Result<bool>> session_lives(RequestContext& context, postgres::Pool& pool, Uuid session_id, WallTime now);

}  // namespace evc::auth_service
