#include "services/auth/store/mailed_codes.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{
    "mailed_code_insert",
    "INSERT INTO mailed_code (hash, email_sealed, email_index, bound_to, purpose, account_id, created_at, "
    "expires_at) VALUES ($1, nullif($2::bytea, ''), nullif($3::bytea, ''), $4, $5, $6, $7, $8)"};
constexpr Statement kOwner{
    "mailed_code_owner",
    "SELECT account_id FROM mailed_code WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3"};
constexpr Statement kUse{"mailed_code_use",
                         "UPDATE mailed_code SET used_at = $3 WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND "
                         "expires_at > $3 RETURNING coalesce(email_sealed, ''), coalesce(email_index, ''), bound_to"};
constexpr Statement kVoid{"mailed_code_void",
                          "UPDATE mailed_code SET used_at = $2 WHERE account_id = $1 AND used_at IS NULL"};
constexpr Statement kDeleteOld{"mailed_code_delete_old", "DELETE FROM mailed_code WHERE expires_at < $1"};
constexpr Statement kCount{
    "mailed_code_count", "SELECT count(*) FROM mailed_code WHERE account_id = $1 AND purpose = $2 AND created_at > $3"};

std::string_view text(MailedPurpose purpose) {
  return purpose == MailedPurpose::kPasswordReset ? "passwordReset" : "emailChange";
}

Params by_hash(const std::string& hash, MailedPurpose purpose, WallTime now) {
  Params params;
  params.add_bytes(hash).add(text(purpose)).add(now);
  return params;
}

}  // namespace

Task<Result<void>> insert_mailed_code(RequestContext& context, postgres::Transaction& transaction, MailedCode code) {
  Params params;
  params.add_bytes(code.hash).add_bytes(code.email_sealed.value_or("")).add_bytes(code.email_index.value_or(""));
  params.add_bytes(code.bound_to)
      .add(text(code.purpose))
      .add(code.account_id)
      .add(code.created_at)
      .add(code.expires_at);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsert, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::optional<Uuid>>> owner_of_mailed_code(RequestContext& context, postgres::Pool& pool, std::string hash,
                                                       MailedPurpose purpose, WallTime now) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOwner, by_hash(hash, purpose, now)));
  if (rows.empty()) co_return std::optional<Uuid>{};
  co_return rows.get<Uuid>(0, 0);
}

Task<Result<std::optional<UsedCode>>> use_mailed_code(RequestContext& context, postgres::Transaction& transaction,
                                                      std::string hash, MailedPurpose purpose, WallTime now) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kUse, by_hash(hash, purpose, now)));
  if (rows.empty()) co_return std::optional<UsedCode>{};
  co_return UsedCode{.email_sealed = rows.bytes(0, 0), .email_index = rows.bytes(0, 1), .bound_to = rows.bytes(0, 2)};
}

Task<Result<void>> void_mailed_codes(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                     WallTime now) {
  EVC_CO_CHECK(co_await transaction.exec(context, kVoid, Params(account_id, now)));
  co_return Result<void>{};
}

Task<Result<void>> delete_old_mailed_codes(RequestContext& context, postgres::Pool& pool, WallTime expired_before) {
  EVC_CO_CHECK(co_await pool.exec(context, kDeleteOld, Params(expired_before)));
  co_return Result<void>{};
}

Task<Result<std::int64_t>> count_mailed_codes(RequestContext& context, postgres::Transaction& transaction,
                                              Uuid account_id, MailedPurpose purpose, WallTime since) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kCount, Params(account_id, text(purpose), since)));
  co_return rows.get<std::int64_t>(0, 0);
}

}  // namespace evc::auth_service
