#include "services/auth/store/sessions.hpp"

#include <algorithm>

#include "services/auth/domain/refresh.hpp"

namespace evc::auth_service {
namespace {

// Longer than any commit takes.
constexpr std::chrono::seconds kRepeatedFor{10};
constexpr std::int64_t kDenyPage = 20'000;  // 2 MB of an answer: verifiers come for the rest half a second later
constexpr std::int64_t kLiveSessionLimit = 100;
constexpr std::int64_t kLiveSessionLimitOfClient = 20;

using postgres::Params;
using postgres::Statement;

// The row of the account is locked against a change of its password until the commit.
constexpr Statement kInsertSession{
    "session_insert",
    "INSERT INTO session (id, account_id, created_at, absolute_expires_at, device_sealed, kind, cookie_hash, "
    "sign_in_id, client_id, scope, authenticated_at, methods) "
    "SELECT $1::uuid, id, $3::timestamptz, $4::timestamptz, $5::bytea, CASE WHEN $7::bytea = '' THEN 'family' ELSE "
    "'signIn' END, nullif($7::bytea, ''), $8::uuid, $9::text, $10::text, $11::timestamptz, $12::text FROM account "
    "WHERE id = $2 AND state = 'active' AND password_hash = $6 FOR SHARE"};
constexpr Statement kInsertToken{"refresh_token_insert",
                                 "INSERT INTO refresh_token (hash, session_id, generation, state, idle_expires_at) "
                                 "VALUES ($1, $2, $3, 'active', $4)"};
constexpr Statement kRotate{
    "refresh_token_rotate",
    "UPDATE refresh_token SET state = 'rotated', rotated_at = $4, successor_hash = $2, successor_sealed = $3 "
    "WHERE hash = $1 AND state = 'active' RETURNING 1"};
// A statement of its own after the update: under READ COMMITTED it sees what the winner of a race has committed.
constexpr Statement kReadToken{
    "refresh_token_read",
    "SELECT t.session_id, s.account_id, t.generation, t.idle_expires_at, s.absolute_expires_at, t.rotated_at, "
    "coalesce(t.successor_sealed, ''), coalesce(child.state = 'active', false), s.revoked_at IS NOT NULL, a.state, "
    "s.client_id, s.scope, s.authenticated_at, coalesce(s.methods, '') "
    "FROM refresh_token t JOIN session s ON s.id = t.session_id JOIN account a ON a.id = s.account_id "
    "LEFT JOIN refresh_token child ON child.hash = t.successor_hash WHERE t.hash = $1"};
constexpr Statement kWipe{"refresh_token_wipe",
                          "UPDATE refresh_token SET successor_sealed = NULL WHERE successor_hash = $1"};
constexpr Statement kWipeExpired{
    "refresh_token_wipe_expired",
    "UPDATE refresh_token SET successor_sealed = NULL WHERE successor_sealed IS NOT NULL AND rotated_at < $1"};
constexpr Statement kRevoke{
    "session_revoke", "UPDATE session SET revoked_at = $2, revoked_reason = $3 WHERE id = $1 AND revoked_at IS NULL"};
constexpr Statement kDeny{"denied_insert",
                          "INSERT INTO denied (kind, value, until) VALUES ('session', $1::uuid::text, $2) ON CONFLICT "
                          "(kind, value) DO NOTHING"};
// Before it, by a statement of its own: whoever makes a client's session holds its sign-in until the commit, and only a
// later snapshot has that session in it.
constexpr Statement kLockSignIns{"session_lock_sign_ins",
                                 "SELECT 1 FROM session WHERE account_id = $1 AND kind = 'signIn' AND revoked_at IS "
                                 "NULL ORDER BY id FOR UPDATE"};
// Only a session that began or was refreshed since $6 can have an access token that is still good.
constexpr Statement kRevokeAll{
    "session_revoke_all",
    "WITH ended AS (UPDATE session SET revoked_at = $3, revoked_reason = $4 WHERE account_id = $1 AND revoked_at IS "
    "NULL AND id IS DISTINCT FROM $2 RETURNING id, created_at) "
    "INSERT INTO denied (kind, value, until) SELECT 'session', id::text, $5::timestamptz FROM ended "
    "WHERE created_at > $6 OR EXISTS (SELECT 1 FROM refresh_token t WHERE t.session_id = ended.id AND t.rotated_at > "
    "$6) ON CONFLICT (kind, value) DO NOTHING"};
// Each client by itself, and everything that is of none: nobody ends what another holds.
constexpr Statement kEndOldest{
    "session_end_oldest",
    "WITH surplus AS (SELECT id FROM (SELECT id, client_id, row_number() OVER (PARTITION BY client_id ORDER BY "
    "created_at DESC, id DESC) AS place FROM session WHERE account_id = $1 AND revoked_at IS NULL AND "
    "absolute_expires_at > $2) AS live WHERE place > CASE WHEN client_id IS NULL THEN $5::bigint ELSE $6::bigint END), "
    "ended AS (UPDATE session SET revoked_at = $2, revoked_reason = 'too many sessions' FROM surplus WHERE session.id "
    "= surplus.id RETURNING session.id, session.created_at) "
    "INSERT INTO denied (kind, value, until) SELECT 'session', id::text, $3::timestamptz FROM ended "
    "WHERE created_at > $4 OR EXISTS (SELECT 1 FROM refresh_token t WHERE t.session_id = ended.id AND t.rotated_at > "
    "$4) ON CONFLICT (kind, value) DO NOTHING"};
// A browser's sign-in too: it has no tokens, and makes sessions. The last generation and the one before tell
// everything, however long the family is.
constexpr Statement kLiveSessions{
    "session_live",
    "SELECT s.id, coalesce(s.device_sealed, ''), s.created_at, coalesce(t.rotated_at, s.created_at) FROM session s, "
    "LATERAL (SELECT max(rotated_at) AS rotated_at, bool_or(state = 'active' AND idle_expires_at > $2) AS live FROM "
    "(SELECT rotated_at, state, idle_expires_at FROM refresh_token WHERE session_id = s.id ORDER BY generation DESC "
    "LIMIT 2) AS last) AS t "
    "WHERE s.account_id = $1 AND s.revoked_at IS NULL AND s.absolute_expires_at > $2 AND (t.live OR s.kind = 'signIn') "
    "ORDER BY s.created_at DESC, s.id DESC LIMIT 100"};
constexpr Statement kOwnsSession{"session_owned", "SELECT 1 FROM session WHERE account_id = $1 AND id = $2"};
// Concurrent commits may show version 8 before 7. The last 64 versions are always repeated, and so is what was denied a
// moment ago ($3), however many there are: entering one twice is harmless.
constexpr Statement kDenySet{
    "denied_read",
    "SELECT kind, value, until, version FROM denied WHERE (version > $1 - 64 OR until > $3) AND until > $2 "
    "ORDER BY version LIMIT $4"};

constexpr Statement kDenyToken{"denied_insert_token",
                               "INSERT INTO denied (kind, value, until) VALUES ('token', $1, $2) ON CONFLICT (kind, "
                               "value) DO NOTHING"};
constexpr Statement kTokenDenied{"denied_find_token",
                                 "SELECT 1 FROM denied WHERE kind = 'token' AND value = $1 AND until > $2"};
constexpr Statement kDeleteOldDenied{"denied_delete_old", "DELETE FROM denied WHERE until < $1"};

}  // namespace

Task<Result<bool>> insert_session(RequestContext& context, postgres::Transaction& transaction, NewSession session) {
  Params params(session.id, session.account_id, session.created_at, session.absolute_expires_at);
  params.add_bytes(session.device_sealed).add(session.password_hash).add_bytes(session.cookie_hash);
  params.add(session.sign_in_id).add(session.client_id).add(session.scope);
  params.add(session.authenticated_at).add(session.methods);
  EVC_CO_TRY(inserted, co_await transaction.exec(context, kInsertSession, std::move(params)));
  if (inserted.affected() != 1) co_return false;
  EVC_CO_CHECK(
      co_await transaction.exec(context, kEndOldest,
                                Params(session.account_id, session.created_at, session.created_at + kDenyFor,
                                       session.created_at - kDenyFor, kLiveSessionLimit, kLiveSessionLimitOfClient)));
  co_return true;
}

Task<Result<void>> insert_refresh_token(RequestContext& context, postgres::Transaction& transaction, std::string hash,
                                        Uuid session_id, std::int64_t generation, WallTime idle_expires_at) {
  Params params;
  params.add_bytes(hash).add(session_id).add(generation).add(idle_expires_at);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsertToken, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::optional<RefreshRow>>> rotate_refresh_token(RequestContext& context,
                                                             postgres::Transaction& transaction, std::string hash,
                                                             std::string successor_hash, std::string successor_sealed,
                                                             WallTime now) {
  Params rotate;
  rotate.add_bytes(hash).add_bytes(successor_hash).add_bytes(successor_sealed).add(now);
  EVC_CO_TRY(rotated, co_await transaction.exec(context, kRotate, std::move(rotate)));
  Params read;
  read.add_bytes(hash);
  EVC_CO_TRY(rows, co_await transaction.exec(context, kReadToken, std::move(read)));
  if (rows.empty()) co_return std::optional<RefreshRow>{};
  co_return RefreshRow{.session_id = rows.get<Uuid>(0, 0),
                       .account_id = rows.get<Uuid>(0, 1),
                       .generation = rows.get<std::int64_t>(0, 2),
                       .rotated_now = !rotated.empty(),
                       .idle_expires_at = rows.get<WallTime>(0, 3),
                       .absolute_expires_at = rows.get<WallTime>(0, 4),
                       .rotated_at = rows.get<std::optional<WallTime>>(0, 5),
                       .successor_sealed = rows.bytes(0, 6),
                       .successor_active = rows.get<bool>(0, 7),
                       .session_revoked = rows.get<bool>(0, 8),
                       .account_state = rows.get<std::string>(0, 9),
                       .client_id = rows.get<std::optional<std::string>>(0, 10),
                       .scope = rows.get<std::optional<std::string>>(0, 11),
                       .authenticated_at = rows.get<std::optional<WallTime>>(0, 12),
                       .methods = rows.get<std::string>(0, 13)};
}

Task<Result<void>> wipe_sealed_copy_of(RequestContext& context, postgres::Transaction& transaction, std::string hash) {
  Params params;
  params.add_bytes(hash);
  EVC_CO_CHECK(co_await transaction.exec(context, kWipe, std::move(params)));
  co_return Result<void>{};
}

Task<Result<void>> wipe_expired_successors(RequestContext& context, postgres::Pool& pool, WallTime rotated_before) {
  EVC_CO_CHECK(co_await pool.exec(context, kWipeExpired, Params(rotated_before)));
  co_return Result<void>{};
}

Task<Result<void>> revoke_session(RequestContext& context, postgres::Transaction& transaction, Uuid session_id,
                                  std::string reason, WallTime now, WallTime denied_until) {
  EVC_CO_CHECK(co_await transaction.exec(context, kRevoke, Params(session_id, now, reason)));
  EVC_CO_CHECK(co_await transaction.exec(context, kDeny, Params(session_id, denied_until)));
  co_return Result<void>{};
}

Task<Result<void>> revoke_sessions_of(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                      std::optional<Uuid> except, std::string reason, WallTime now,
                                      WallTime denied_until) {
  EVC_CO_CHECK(co_await transaction.exec(context, kLockSignIns, Params(account_id)));
  EVC_CO_CHECK(co_await transaction.exec(context, kRevokeAll,
                                         Params(account_id, except, now, reason, denied_until, now - kDenyFor)));
  co_return Result<void>{};
}

Task<Result<std::vector<SessionRow>>> live_sessions_of(RequestContext& context, postgres::Pool& pool, Uuid account_id,
                                                       WallTime now) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kLiveSessions, Params(account_id, now)));
  std::vector<SessionRow> sessions;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    sessions.push_back({.id = rows.get<Uuid>(i, 0),
                        .device_sealed = rows.bytes(i, 1),
                        .first_seen_at = rows.get<WallTime>(i, 2),
                        .last_used_at = rows.get<WallTime>(i, 3)});
  }
  co_return sessions;
}

Task<Result<bool>> owns_session(RequestContext& context, postgres::Pool& pool, Uuid account_id, Uuid session_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOwnsSession, Params(account_id, session_id)));
  co_return !rows.empty();
}

std::string device_place(const Uuid& session_id) {
  return "auth.session.device:" + to_string(session_id);
}

Task<Result<void>> deny_token(RequestContext& context, postgres::Transaction& transaction, std::string token_id,
                              WallTime denied_until) {
  EVC_CO_CHECK(co_await transaction.exec(context, kDenyToken, Params(token_id, denied_until)));
  co_return Result<void>{};
}

Task<Result<bool>> token_is_denied(RequestContext& context, postgres::Pool& pool, std::string token_id, WallTime now) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kTokenDenied, Params(token_id, now)));
  co_return !rows.empty();
}

Task<Result<void>> delete_old_denied(RequestContext& context, postgres::Pool& pool, WallTime ended_before) {
  EVC_CO_CHECK(co_await pool.exec(context, kDeleteOldDenied, Params(ended_before)));
  co_return Result<void>{};
}

Task<Result<DenySet>> read_deny_set(RequestContext& context, postgres::Pool& pool, std::int64_t since, WallTime now) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kDenySet, Params(since, now, now + kDenyFor - kRepeatedFor, kDenyPage)));
  DenySet set{.version = since, .entries = {}, .key_set = {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    set.entries.push_back({rows.get<std::string>(i, 0), rows.get<std::string>(i, 1), rows.get<WallTime>(i, 2)});
    set.version = std::max(set.version, rows.get<std::int64_t>(i, 3));
  }
  co_return set;
}

}  // namespace evc::auth_service
