#include "services/auth/store/accounts.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kFindByIndex{
    "account_by_index",
    "SELECT a.id, a.email_sealed, a.name_sealed, a.password_hash, a.role, a.state, a.created_at, "
    "coalesce(f.secret_sealed, ''), coalesce(f.last_step, 0), a.email_index FROM account a "
    "LEFT JOIN second_factor f ON f.account_id = a.id AND f.confirmed_at IS NOT NULL WHERE a.email_index = $1"};
constexpr Statement kFindById{
    "account_by_id",
    "SELECT a.id, a.email_sealed, a.name_sealed, a.password_hash, a.role, a.state, a.created_at, "
    "coalesce(f.secret_sealed, ''), coalesce(f.last_step, 0), a.email_index FROM account a "
    "LEFT JOIN second_factor f ON f.account_id = a.id AND f.confirmed_at IS NOT NULL WHERE a.id = $1"};
constexpr Statement kLock{
    "account_lock",
    "SELECT a.id, a.email_sealed, a.name_sealed, a.password_hash, a.role, a.state, a.created_at, "
    "coalesce(f.secret_sealed, ''), coalesce(f.last_step, 0), a.email_index FROM account a "
    "LEFT JOIN second_factor f ON f.account_id = a.id AND f.confirmed_at IS NOT NULL WHERE a.id = $1 "
    "FOR UPDATE OF a"};
constexpr Statement kInsert{
    "account_insert",
    "INSERT INTO account (id, email_index, email_sealed, name_sealed, password_hash, role, state, created_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr Statement kUpdateOperator{"account_update_operator",
                                    "UPDATE account SET role = $2, password_hash = $3, state = 'active' WHERE id = $1"};
constexpr Statement kSetPassword{"account_set_password", "UPDATE account SET password_hash = $2 WHERE id = $1"};
constexpr Statement kSetEmail{"account_set_email",
                              "UPDATE account SET email_index = $2, email_sealed = $3 WHERE id = $1"};
constexpr Statement kInsertVerification{
    "verification_insert",
    "INSERT INTO verification (token_hash, name_sealed, account_id, expires_at, password_hash) "
    "VALUES ($1, nullif($2::bytea, ''), $3, $4, nullif($5, ''))"};
constexpr Statement kCountVerifications{"verification_count",
                                        "SELECT count(*) FROM verification WHERE account_id = $1 AND expires_at > $2"};
// A second visit inside the link's life answers as the first did.
constexpr Statement kUseVerification{
    "verification_use",
    "WITH link AS (UPDATE verification SET used_at = coalesce(used_at, $2) WHERE token_hash = $1 AND expires_at > $2 "
    "AND password_hash IS NOT NULL RETURNING account_id, password_hash, name_sealed), "
    "activated AS (UPDATE account SET state = 'active', password_hash = link.password_hash, name_sealed = "
    "link.name_sealed FROM link WHERE account.id = link.account_id AND account.state = 'unverified') "
    "SELECT account_id FROM link"};
constexpr Statement kDeleteOldLinks{"verification_delete_old", "DELETE FROM verification WHERE expires_at < $1"};
constexpr Statement kDeleteUnverified{
    "account_delete_unverified",
    "DELETE FROM account WHERE state = 'unverified' AND created_at < $1 AND NOT EXISTS (SELECT 1 FROM verification v "
    "WHERE v.account_id = account.id) AND NOT EXISTS (SELECT 1 FROM mailed_code c WHERE c.account_id = account.id) "
    "RETURNING id"};
constexpr Statement kInsertMail{"mail_insert", "INSERT INTO mail (id, sealed, created_at) VALUES ($1, $2, $3)"};
constexpr Statement kLockMail{
    "mail_lock",
    "SELECT id, sealed FROM mail WHERE sent_at IS NULL ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED"};
constexpr Statement kMailSent{"mail_sent", "UPDATE mail SET sent_at = $2, sealed = '' WHERE id = $1"};

std::optional<Account> account_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return Account{.id = rows.get<Uuid>(0, 0),
                 .email_sealed = rows.bytes(0, 1),
                 .name_sealed = rows.bytes(0, 2),
                 .password_hash = rows.get<std::string>(0, 3),
                 .role = rows.get<std::optional<std::string>>(0, 4),
                 .state = rows.get<std::string>(0, 5),
                 .created_at = rows.get<WallTime>(0, 6),
                 .second_factor_sealed = rows.bytes(0, 7),
                 .second_factor_step = rows.get<std::int64_t>(0, 8),
                 .email_index = rows.bytes(0, 9)};
}

Params bytes_param(const std::string& bytes) {
  Params params;
  params.add_bytes(bytes);
  return params;
}

}  // namespace

Task<Result<std::optional<Account>>> find_account_by_index(RequestContext& context, postgres::Pool& pool,
                                                           std::string email_index) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFindByIndex, bytes_param(email_index)));
  co_return account_of(rows);
}

Task<Result<std::optional<Account>>> find_account_by_index(RequestContext& context, postgres::Transaction& transaction,
                                                           std::string email_index) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kFindByIndex, bytes_param(email_index)));
  co_return account_of(rows);
}

Task<Result<std::optional<Account>>> find_account(RequestContext& context, postgres::Pool& pool, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFindById, Params(id)));
  co_return account_of(rows);
}

Task<Result<std::optional<Account>>> find_account(RequestContext& context, postgres::Transaction& transaction,
                                                  Uuid id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kFindById, Params(id)));
  co_return account_of(rows);
}

Task<Result<void>> insert_account(RequestContext& context, postgres::Transaction& transaction, Account account,
                                  std::string email_index) {
  Params params(account.id);
  params.add_bytes(email_index).add_bytes(account.email_sealed).add_bytes(account.name_sealed);
  params.add(account.password_hash).add(account.role).add(account.state).add(account.created_at);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsert, std::move(params)));
  co_return Result<void>{};
}

Task<Result<void>> update_operator(RequestContext& context, postgres::Transaction& transaction, Uuid id,
                                   std::string role, std::string password_hash) {
  EVC_CO_CHECK(co_await transaction.exec(context, kUpdateOperator, Params(id, role, password_hash)));
  co_return Result<void>{};
}

Task<Result<std::optional<Account>>> lock_account(RequestContext& context, postgres::Transaction& transaction,
                                                  Uuid id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLock, Params(id)));
  co_return account_of(rows);
}

Task<Result<void>> set_password(RequestContext& context, postgres::Transaction& transaction, Uuid id,
                                std::string password_hash) {
  EVC_CO_CHECK(co_await transaction.exec(context, kSetPassword, Params(id, password_hash)));
  co_return Result<void>{};
}

Task<Result<void>> set_email(RequestContext& context, postgres::Transaction& transaction, Uuid id,
                             std::string email_index, std::string email_sealed) {
  Params params(id);
  params.add_bytes(email_index).add_bytes(email_sealed);
  EVC_CO_CHECK(co_await transaction.exec(context, kSetEmail, std::move(params)));
  co_return Result<void>{};
}

std::string account_place(std::string_view column, const Uuid& id) {
  return "auth.account." + std::string(column) + ":" + to_string(id);
}

Task<Result<void>> insert_verification(RequestContext& context, postgres::Transaction& transaction,
                                       Verification verification) {
  Params params = bytes_param(verification.token_hash);
  params.add_bytes(verification.name_sealed).add(verification.account_id).add(verification.expires_at);
  params.add(verification.password_hash);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsertVerification, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::int64_t>> count_verifications(RequestContext& context, postgres::Transaction& transaction,
                                               Uuid account_id, WallTime expiring_after) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kCountVerifications, Params(account_id, expiring_after)));
  co_return rows.get<std::int64_t>(0, 0);
}

Task<Result<bool>> use_verification(RequestContext& context, postgres::Pool& pool, std::string token_hash,
                                    WallTime now) {
  Params params = bytes_param(token_hash);
  params.add(now);
  EVC_CO_TRY(rows, co_await pool.exec(context, kUseVerification, std::move(params)));
  co_return !rows.empty();
}

Task<Result<std::vector<Uuid>>> delete_unverified(RequestContext& context, postgres::Pool& pool, WallTime links_before,
                                                  WallTime accounts_before) {
  EVC_CO_CHECK(co_await pool.exec(context, kDeleteOldLinks, Params(links_before)));
  EVC_CO_TRY(rows, co_await pool.exec(context, kDeleteUnverified, Params(accounts_before)));
  std::vector<Uuid> ids;
  for (std::size_t i = 0; i < rows.size(); ++i) ids.push_back(rows.get<Uuid>(i, 0));
  co_return ids;
}

Task<Result<void>> insert_mail(RequestContext& context, postgres::Transaction& transaction, Uuid id, std::string sealed,
                               WallTime now) {
  Params params(id);
  params.add_bytes(sealed).add(now);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsertMail, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::vector<UnsentMail>>> lock_unsent_mail(RequestContext& context, postgres::Transaction& transaction,
                                                       std::int64_t limit) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLockMail, Params(limit)));
  std::vector<UnsentMail> mails;
  for (std::size_t i = 0; i < rows.size(); ++i) mails.push_back({rows.get<Uuid>(i, 0), rows.bytes(i, 1)});
  co_return mails;
}

Task<Result<void>> mark_mail_sent(RequestContext& context, postgres::Transaction& transaction, Uuid id, WallTime now) {
  EVC_CO_CHECK(co_await transaction.exec(context, kMailSent, Params(id, now)));
  co_return Result<void>{};
}

}  // namespace evc::auth_service
