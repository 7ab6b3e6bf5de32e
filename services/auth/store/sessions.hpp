// Sessions (refresh-token families) and the deny-set. Rotation is one compare-and-set, so that of any number of racing
// requests exactly one makes the child.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

struct NewSession {
  Uuid id;
  Uuid account_id;
  std::string password_hash;  // that the sign-in was checked against
  std::string device_sealed;
  WallTime created_at{};
  WallTime absolute_expires_at{};
  std::string cookie_hash;               // of a browser's sign-in at the provider; empty: a refresh-token family
  std::optional<Uuid> sign_in_id;        // the browser's sign-in that the family came from
  std::optional<std::string> client_id;  // nullopt: our own app
  std::optional<std::string> scope;      // of a client's family
  std::optional<WallTime> authenticated_at;
  std::optional<std::string> methods;
};
// False when the account is not active or its password is another by now: a sign-in that overlaps a reset begins
// nothing. The hundred latest sessions of an account live on, and the twenty latest of each client: the oldest of more
// ends.
Task<Result<bool>> insert_session(RequestContext& context, postgres::Transaction& transaction, NewSession session);
Task<Result<void>> insert_refresh_token(RequestContext& context, postgres::Transaction& transaction, std::string hash,
                                        Uuid session_id, std::int64_t generation, WallTime idle_expires_at);

struct RefreshRow {
  Uuid session_id;
  Uuid account_id;
  std::int64_t generation = 0;
  bool rotated_now = false;
  WallTime idle_expires_at{};
  WallTime absolute_expires_at{};
  std::optional<WallTime> rotated_at;
  std::string successor_sealed;  // empty when wiped
  bool successor_active = false;
  bool session_revoked = false;
  std::string account_state;
  std::optional<std::string> client_id, scope;  // nullopt: our own app, everything that the person may do
  std::optional<WallTime> authenticated_at;
  std::string methods;
};
// Tries active → rotated with the given successor, then tells what is known of the token; nullopt: unknown.
Task<Result<std::optional<RefreshRow>>> rotate_refresh_token(RequestContext& context,
                                                             postgres::Transaction& transaction, std::string hash,
                                                             std::string successor_hash, std::string successor_sealed,
                                                             WallTime now);
// The child was used: nobody may get it again from its parent.
Task<Result<void>> wipe_sealed_copy_of(RequestContext& context, postgres::Transaction& transaction, std::string hash);

// Sealed copies of parents that were rotated before `rotated_before`: their grace is over.
Task<Result<void>> wipe_expired_successors(RequestContext& context, postgres::Pool& pool, WallTime rotated_before);

// Ends the family and refuses its access tokens until the last of them has expired. Idempotent.
Task<Result<void>> revoke_session(RequestContext& context, postgres::Transaction& transaction, Uuid session_id,
                                  std::string reason, WallTime now, WallTime denied_until);

// All live sessions of a person except one, or really all. Idempotent.
Task<Result<void>> revoke_sessions_of(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                      std::optional<Uuid> except, std::string reason, WallTime now,
                                      WallTime denied_until);

struct SessionRow {
  Uuid id;
  std::string device_sealed;  // empty: unknown
  WallTime first_seen_at{};
  WallTime last_used_at{};
};
// Those that could still be refreshed, and browsers that are signed in at the provider; the latest sign-in first, at
// most 100.
Task<Result<std::vector<SessionRow>>> live_sessions_of(RequestContext& context, postgres::Pool& pool, Uuid account_id,
                                                       WallTime now);
// Also of one that has ended.
Task<Result<bool>> owns_session(RequestContext& context, postgres::Pool& pool, Uuid account_id, Uuid session_id);
// Where the sealed device of a session lives (kit/base/sealing.hpp).
std::string device_place(const Uuid& session_id);

// One access token by itself. Idempotent.
Task<Result<void>> deny_token(RequestContext& context, postgres::Transaction& transaction, std::string token_id,
                              WallTime denied_until);
Task<Result<bool>> token_is_denied(RequestContext& context, postgres::Pool& pool, std::string token_id, WallTime now);

// What was denied until a moment before that one, and matters no more.
Task<Result<void>> delete_old_denied(RequestContext& context, postgres::Pool& pool, WallTime ended_before);

struct DeniedEntry {
  std::string kind, value;
  WallTime until{};
};
BOOST_DESCRIBE_STRUCT(DeniedEntry, (), (kind, value, until))
struct DenySet {
  std::int64_t version = 0;
  std::vector<DeniedEntry> entries;
  std::string key_set;  // KeyRing::version(), not from the database
};
BOOST_DESCRIBE_STRUCT(DenySet, (), (version, entries, key_set))
// What was denied since that version and still matters, at most one page: asked again with its version, the rest comes.
Task<Result<DenySet>> read_deny_set(RequestContext& context, postgres::Pool& pool, std::int64_t since, WallTime now);

}  // namespace evc::auth_service
