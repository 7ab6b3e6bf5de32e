#include "services/auth/store/browser_sessions.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{
    "browser_session_insert",
    "INSERT INTO browser_session (handle_hash, session_id, sealed, access_expires_at, created_at, idle_expires_at, "
    "absolute_expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr Statement kFind{
    "browser_session_find",
    "SELECT b.session_id, s.account_id, b.sealed, b.version, b.access_expires_at, b.idle_expires_at, "
    "b.absolute_expires_at FROM browser_session b JOIN session s ON s.id = b.session_id JOIN account a ON a.id = "
    "s.account_id WHERE b.handle_hash = $1 AND b.idle_expires_at > $2 AND s.revoked_at IS NULL AND "
    "s.absolute_expires_at > $2 AND a.state = 'active'"};
constexpr Statement kFamily{
    "browser_session_family",
    "SELECT s.id, s.account_id FROM refresh_token t JOIN session s ON s.id = t.session_id WHERE t.hash = $1 AND "
    "t.state = 'active' AND t.idle_expires_at > $2 AND s.revoked_at IS NULL AND s.absolute_expires_at > $2"};
constexpr Statement kLease{
    "browser_session_lease",
    "UPDATE browser_session SET renewing_until = $4 WHERE handle_hash = $1 AND version = $2 AND (renewing_until IS "
    "NULL OR renewing_until < $3) RETURNING 1"};
constexpr Statement kStore{
    "browser_session_renew",
    "UPDATE browser_session SET sealed = $3, access_expires_at = $4, version = version + 1, renewing_until = NULL "
    "WHERE handle_hash = $1 AND version = $2"};
constexpr Statement kGiveUp{"browser_session_give_up",
                            "UPDATE browser_session SET renewing_until = NULL WHERE handle_hash = $1 AND version = $2"};
constexpr Statement kSlide{"browser_session_slide",
                           "UPDATE browser_session SET idle_expires_at = greatest(idle_expires_at, $2::timestamptz) "
                           "WHERE handle_hash = $1"};
constexpr Statement kDelete{"browser_session_delete", "DELETE FROM browser_session WHERE handle_hash = $1"};
constexpr Statement kEndOld{
    "browser_session_end_old",
    "WITH over AS (DELETE FROM browser_session WHERE idle_expires_at < $1 RETURNING session_id) UPDATE session SET "
    "revoked_at = $1, revoked_reason = 'the browser did not come back' FROM over WHERE "
    "session.id = over.session_id AND revoked_at IS NULL"};

Params with_hash(const std::string& hash) {
  Params params;
  params.add_bytes(hash);
  return params;
}

}  // namespace

Task<Result<void>> insert_browser_session(RequestContext& context, postgres::Transaction& transaction,
                                          NewBrowserSession session) {
  Params params = with_hash(session.handle_hash);
  params.add(session.session_id).add_bytes(session.sealed).add(session.access_expires_at).add(session.created_at);
  params.add(session.idle_expires_at).add(session.absolute_expires_at);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsert, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::optional<BrowserSessionRow>>> find_browser_session(RequestContext& context, postgres::Pool& pool,
                                                                    std::string handle_hash, WallTime now) {
  Params params = with_hash(handle_hash);
  params.add(now);
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, std::move(params)));
  if (rows.empty()) co_return std::optional<BrowserSessionRow>{};
  co_return BrowserSessionRow{.session_id = rows.get<Uuid>(0, 0),
                              .account_id = rows.get<Uuid>(0, 1),
                              .sealed = rows.bytes(0, 2),
                              .version = rows.get<std::int64_t>(0, 3),
                              .access_expires_at = rows.get<WallTime>(0, 4),
                              .idle_expires_at = rows.get<WallTime>(0, 5),
                              .absolute_expires_at = rows.get<WallTime>(0, 6)};
}

Task<Result<std::optional<LiveFamily>>> family_of_token(RequestContext& context, postgres::Pool& pool,
                                                        std::string token_hash, WallTime now) {
  Params params = with_hash(token_hash);
  params.add(now);
  EVC_CO_TRY(rows, co_await pool.exec(context, kFamily, std::move(params)));
  if (rows.empty()) co_return std::optional<LiveFamily>{};
  co_return LiveFamily{.session_id = rows.get<Uuid>(0, 0), .account_id = rows.get<Uuid>(0, 1)};
}

Task<Result<bool>> lease_renewal(RequestContext& context, postgres::Pool& pool, std::string handle_hash,
                                 std::int64_t version, WallTime now, WallTime until) {
  Params params = with_hash(handle_hash);
  params.add(version).add(now).add(until);
  EVC_CO_TRY(rows, co_await pool.exec(context, kLease, std::move(params)));
  co_return !rows.empty();
}

Task<Result<bool>> store_renewal(RequestContext& context, postgres::Transaction& transaction, std::string handle_hash,
                                 std::int64_t version, std::string sealed, WallTime access_expires_at) {
  Params params = with_hash(handle_hash);
  params.add(version).add_bytes(sealed).add(access_expires_at);
  EVC_CO_TRY(stored, co_await transaction.exec(context, kStore, std::move(params)));
  co_return stored.affected() == 1;
}

Task<Result<void>> give_up_renewal(RequestContext& context, postgres::Pool& pool, std::string handle_hash,
                                   std::int64_t version) {
  Params params = with_hash(handle_hash);
  params.add(version);
  EVC_CO_CHECK(co_await pool.exec(context, kGiveUp, std::move(params)));
  co_return Result<void>{};
}

Task<Result<void>> slide_browser_session(RequestContext& context, postgres::Pool& pool, std::string handle_hash,
                                         WallTime idle_expires_at) {
  Params params = with_hash(handle_hash);
  params.add(idle_expires_at);
  EVC_CO_CHECK(co_await pool.exec(context, kSlide, std::move(params)));
  co_return Result<void>{};
}

Task<Result<void>> delete_browser_session(RequestContext& context, postgres::Pool& pool, std::string handle_hash) {
  EVC_CO_CHECK(co_await pool.exec(context, kDelete, with_hash(handle_hash)));
  co_return Result<void>{};
}

Task<Result<void>> delete_browser_session(RequestContext& context, postgres::Transaction& transaction,
                                          std::string handle_hash) {
  EVC_CO_CHECK(co_await transaction.exec(context, kDelete, with_hash(handle_hash)));
  co_return Result<void>{};
}

Task<Result<void>> end_old_browser_sessions(RequestContext& context, postgres::Pool& pool, WallTime now) {
  EVC_CO_CHECK(co_await pool.exec(context, kEndOld, Params(now)));
  co_return Result<void>{};
}

}  // namespace evc::auth_service
