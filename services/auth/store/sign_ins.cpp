#include "services/auth/store/sign_ins.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kFind{
    "sign_in_find",
    "SELECT s.id, s.account_id, s.authenticated_at, s.methods FROM session s JOIN account a ON a.id = s.account_id "
    "WHERE s.cookie_hash = $1 AND s.kind = 'signIn' AND s.revoked_at IS NULL AND s.absolute_expires_at > $2 AND "
    "a.state = 'active'"};
// A statement of its own before what ends families: whoever makes one of the sign-in holds it FOR SHARE until the
// commit, so that the next statement's snapshot has the family in it.
constexpr Statement kLockSignIn{"sign_in_lock", "SELECT 1 FROM session WHERE id = $1 FOR UPDATE"};
constexpr Statement kLockSignInOf{
    "sign_in_lock_of",
    "SELECT 1 FROM session WHERE id = (SELECT CASE kind WHEN 'signIn' THEN id ELSE sign_in_id END FROM session WHERE "
    "id = $1) FOR UPDATE"};
constexpr Statement kHoldSignIn{"sign_in_hold", "SELECT 1 FROM session WHERE id = $1 AND revoked_at IS NULL FOR SHARE"};
constexpr Statement kMoveFamilies{"sign_in_move", "UPDATE session SET sign_in_id = $2 WHERE sign_in_id = $1"};
constexpr Statement kReplace{"sign_in_replace",
                             "UPDATE session SET revoked_at = $2, revoked_reason = 'signed in again' WHERE id = $1 AND "
                             "revoked_at IS NULL"};
constexpr Statement kEnd{
    "sign_in_end",
    "WITH ended AS (UPDATE session SET revoked_at = $2, revoked_reason = $3 WHERE (id = $1 OR sign_in_id = $1) AND "
    "revoked_at IS NULL RETURNING id, kind) INSERT INTO denied (kind, value, until) SELECT 'session', id::text, "
    "$4::timestamptz FROM ended WHERE kind = 'family' ON CONFLICT (kind, value) DO NOTHING"};
constexpr Statement kEndOf{
    "sign_in_end_of",
    "WITH origin AS (SELECT CASE kind WHEN 'signIn' THEN id ELSE sign_in_id END AS id FROM session WHERE id = $1), "
    "ended AS (UPDATE session s SET revoked_at = "
    "$2, revoked_reason = $3 FROM origin WHERE (s.id = origin.id OR s.sign_in_id = origin.id) AND s.revoked_at IS NULL "
    "RETURNING s.id, s.kind) INSERT INTO denied (kind, value, until) SELECT 'session', id::text, $4::timestamptz FROM "
    "ended WHERE kind = 'family' ON CONFLICT (kind, value) DO NOTHING"};
constexpr Statement kOrigin{"session_origin", "SELECT account_id, sign_in_id, client_id FROM session WHERE id = $1"};
constexpr Statement kInsertCode{
    "authorization_code_insert",
    "INSERT INTO authorization_code (hash, client_id, account_id, sign_in_id, redirect_uri, scope, nonce, "
    "code_challenge, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''), nullif($8, ''), $9, $10)"};
constexpr Statement kLockCode{
    "authorization_code_lock",
    "SELECT c.client_id, c.account_id, c.sign_in_id, c.redirect_uri, c.scope, coalesce(c.nonce, ''), "
    "coalesce(c.code_challenge, ''), c.expires_at, c.used_at IS NOT NULL, c.session_id, s.revoked_at IS NULL, "
    "s.authenticated_at, s.methods FROM authorization_code c JOIN session s ON s.id = c.sign_in_id WHERE c.hash = $1 "
    "FOR UPDATE OF c"};
constexpr Statement kUseCode{"authorization_code_use",
                             "UPDATE authorization_code SET used_at = $2, session_id = $3 WHERE hash = $1"};
constexpr Statement kLiveToken{
    "refresh_token_live",
    "SELECT s.id, s.account_id, coalesce(s.client_id, ''), coalesce(s.scope, ''), least(t.idle_expires_at, "
    "s.absolute_expires_at) FROM refresh_token t JOIN session s ON s.id = t.session_id JOIN account a ON a.id = "
    "s.account_id WHERE t.hash = $1 AND t.state = 'active' AND t.idle_expires_at > $2 AND s.absolute_expires_at > $2 "
    "AND s.revoked_at IS NULL AND a.state = 'active'"};
constexpr Statement kFamily{"refresh_token_family",
                            "SELECT s.id, s.account_id, coalesce(s.client_id, ''), coalesce(s.scope, ''), "
                            "s.absolute_expires_at FROM refresh_token t JOIN session s ON s.id = t.session_id WHERE "
                            "t.hash = $1"};
constexpr Statement kLives{"session_lives",
                           "SELECT 1 FROM session s JOIN account a ON a.id = s.account_id WHERE s.id = $1 AND "
                           "s.revoked_at IS NULL AND s.absolute_expires_at > $2 AND a.state = 'active'"};

Params by_hash(const std::string& hash) {
  Params params;
  params.add_bytes(hash);
  return params;
}

std::optional<HeldToken> held_in(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return HeldToken{.session_id = rows.get<Uuid>(0, 0),
                   .account_id = rows.get<Uuid>(0, 1),
                   .client_id = rows.get<std::string>(0, 2),
                   .scope = rows.get<std::string>(0, 3),
                   .expires_at = rows.get<WallTime>(0, 4)};
}

}  // namespace

Task<Result<std::optional<SignInRow>>> find_sign_in(RequestContext& context, postgres::Pool& pool,
                                                    std::string cookie_hash, WallTime now) {
  Params params = by_hash(cookie_hash);
  params.add(now);
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, std::move(params)));
  if (rows.empty()) co_return std::optional<SignInRow>{};
  co_return SignInRow{.id = rows.get<Uuid>(0, 0),
                      .account_id = rows.get<Uuid>(0, 1),
                      .authenticated_at = rows.get<WallTime>(0, 2),
                      .methods = rows.get<std::string>(0, 3)};
}

Task<Result<bool>> hold_sign_in(RequestContext& context, postgres::Transaction& transaction, Uuid id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kHoldSignIn, Params(id)));
  co_return !rows.empty();
}

Task<Result<void>> replace_sign_in(RequestContext& context, postgres::Transaction& transaction, Uuid old_id,
                                   Uuid new_id, WallTime now) {
  EVC_CO_CHECK(co_await transaction.exec(context, kLockSignIn, Params(old_id)));
  EVC_CO_CHECK(co_await transaction.exec(context, kMoveFamilies, Params(old_id, new_id)));
  EVC_CO_CHECK(co_await transaction.exec(context, kReplace, Params(old_id, now)));
  co_return Result<void>{};
}

Task<Result<void>> end_sign_in(RequestContext& context, postgres::Transaction& transaction, Uuid id, std::string reason,
                               WallTime now, WallTime denied_until) {
  EVC_CO_CHECK(co_await transaction.exec(context, kLockSignIn, Params(id)));
  EVC_CO_CHECK(co_await transaction.exec(context, kEnd, Params(id, now, reason, denied_until)));
  co_return Result<void>{};
}

Task<Result<void>> end_sign_in_of(RequestContext& context, postgres::Transaction& transaction, Uuid session_id,
                                  std::string reason, WallTime now, WallTime denied_until) {
  EVC_CO_CHECK(co_await transaction.exec(context, kLockSignInOf, Params(session_id)));
  EVC_CO_CHECK(co_await transaction.exec(context, kEndOf, Params(session_id, now, reason, denied_until)));
  co_return Result<void>{};
}

Task<Result<std::optional<SessionOrigin>>> origin_of_session(RequestContext& context, postgres::Pool& pool, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOrigin, Params(id)));
  if (rows.empty()) co_return std::optional<SessionOrigin>{};
  co_return SessionOrigin{.account_id = rows.get<Uuid>(0, 0),
                          .sign_in_id = rows.get<std::optional<Uuid>>(0, 1),
                          .client_id = rows.get<std::optional<std::string>>(0, 2)};
}

Task<Result<void>> insert_code(RequestContext& context, postgres::Pool& pool, NewCode code) {
  const CodeRow& row = code.row;
  Params params = by_hash(code.hash);
  params.add(row.client_id).add(row.account_id).add(row.sign_in_id).add(row.redirect_uri).add(row.scope);
  params.add(row.nonce).add(row.code_challenge).add(code.created_at).add(row.expires_at);
  EVC_CO_CHECK(co_await pool.exec(context, kInsertCode, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::optional<CodeRow>>> lock_code(RequestContext& context, postgres::Transaction& transaction,
                                               std::string hash) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLockCode, by_hash(hash)));
  if (rows.empty()) co_return std::optional<CodeRow>{};
  co_return CodeRow{.client_id = rows.get<std::string>(0, 0),
                    .account_id = rows.get<Uuid>(0, 1),
                    .sign_in_id = rows.get<Uuid>(0, 2),
                    .redirect_uri = rows.get<std::string>(0, 3),
                    .scope = rows.get<std::string>(0, 4),
                    .nonce = rows.get<std::string>(0, 5),
                    .code_challenge = rows.get<std::string>(0, 6),
                    .expires_at = rows.get<WallTime>(0, 7),
                    .used = rows.get<bool>(0, 8),
                    .session_id = rows.get<std::optional<Uuid>>(0, 9),
                    .sign_in_live = rows.get<bool>(0, 10),
                    .authenticated_at = rows.get<WallTime>(0, 11),
                    .methods = rows.get<std::string>(0, 12)};
}

Task<Result<void>> use_code(RequestContext& context, postgres::Transaction& transaction, std::string hash,
                            Uuid session_id, WallTime now) {
  Params params = by_hash(hash);
  params.add(now).add(session_id);
  EVC_CO_CHECK(co_await transaction.exec(context, kUseCode, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::optional<HeldToken>>> live_refresh_token(RequestContext& context, postgres::Pool& pool,
                                                          std::string hash, WallTime now) {
  Params params = by_hash(hash);
  params.add(now);
  EVC_CO_TRY(rows, co_await pool.exec(context, kLiveToken, std::move(params)));
  co_return held_in(rows);
}

Task<Result<std::optional<HeldToken>>> family_of_refresh_token(RequestContext& context, postgres::Pool& pool,
                                                               std::string hash) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFamily, by_hash(hash)));
  co_return held_in(rows);
}

Task<Result<bool>> session_lives(RequestContext& context, postgres::Pool& pool, Uuid session_id, WallTime now) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kLives, Params(session_id, now)));
  co_return !rows.empty();
}

}  // namespace evc::auth_service
