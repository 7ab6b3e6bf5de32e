#include "services/auth/store/second_factors.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kPut{"second_factor_put",
                         "INSERT INTO second_factor (secret_sealed, account_id, created_at) VALUES ($1, $2, $3) "
                         "ON CONFLICT (account_id) DO UPDATE SET secret_sealed = $1, created_at = $3 "
                         "WHERE second_factor.confirmed_at IS NULL"};
constexpr Statement kUnconfirmed{
    "second_factor_unconfirmed",
    "SELECT secret_sealed FROM second_factor WHERE account_id = $1 AND confirmed_at IS NULL AND created_at > $2"};
constexpr Statement kConfirm{"second_factor_confirm",
                             "UPDATE second_factor SET confirmed_at = $4, last_step = $3 WHERE secret_sealed = $1 AND "
                             "account_id = $2 AND confirmed_at IS NULL"};
constexpr Statement kInsertRecovery{"recovery_code_insert",
                                    "INSERT INTO recovery_code (hash, account_id) VALUES ($1, $2)"};
constexpr Statement kUseStep{"second_factor_use",
                             "UPDATE second_factor SET last_step = $2 WHERE account_id = $1 AND confirmed_at IS NOT "
                             "NULL AND last_step < $2"};
constexpr Statement kUseRecovery{
    "recovery_code_use",
    "UPDATE recovery_code SET used_at = $3 WHERE hash = $1 AND account_id = $2 AND used_at IS NULL"};
constexpr Statement kDelete{"second_factor_delete", "DELETE FROM second_factor WHERE account_id = $1"};

}  // namespace

Task<Result<bool>> put_second_factor(RequestContext& context, postgres::Pool& pool, Uuid account_id,
                                     std::string secret_sealed, WallTime now) {
  Params params;
  params.add_bytes(secret_sealed).add(account_id).add(now);
  EVC_CO_TRY(put, co_await pool.exec(context, kPut, std::move(params)));
  co_return put.affected() == 1;
}

Task<Result<std::optional<std::string>>> unconfirmed_second_factor(RequestContext& context, postgres::Pool& pool,
                                                                   Uuid account_id, WallTime enrolled_after) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kUnconfirmed, Params(account_id, enrolled_after)));
  if (rows.empty()) co_return std::optional<std::string>{};
  co_return rows.bytes(0, 0);
}

Task<Result<bool>> confirm_second_factor(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                         std::string secret_sealed, std::int64_t step, WallTime now) {
  Params params;
  params.add_bytes(secret_sealed).add(account_id).add(step).add(now);
  EVC_CO_TRY(confirmed, co_await transaction.exec(context, kConfirm, std::move(params)));
  co_return confirmed.affected() == 1;
}

Task<Result<void>> insert_recovery_code(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                        std::string hash) {
  Params params;
  params.add_bytes(hash).add(account_id);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsertRecovery, std::move(params)));
  co_return Result<void>{};
}

Task<Result<bool>> use_totp_step(RequestContext& context, postgres::Pool& pool, Uuid account_id, std::int64_t step) {
  EVC_CO_TRY(used, co_await pool.exec(context, kUseStep, Params(account_id, step)));
  co_return used.affected() == 1;
}

Task<Result<bool>> use_recovery_code(RequestContext& context, postgres::Pool& pool, Uuid account_id, std::string hash,
                                     WallTime now) {
  Params params;
  params.add_bytes(hash).add(account_id).add(now);
  EVC_CO_TRY(used, co_await pool.exec(context, kUseRecovery, std::move(params)));
  co_return used.affected() == 1;
}

Task<Result<void>> delete_second_factor(RequestContext& context, postgres::Transaction& transaction, Uuid account_id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kDelete, Params(account_id)));
  co_return Result<void>{};
}

std::string second_factor_place(const Uuid& account_id) {
  return "auth.second_factor.secret:" + to_string(account_id);
}

}  // namespace evc::auth_service
