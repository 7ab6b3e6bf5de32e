#include "services/auth/store/account_requests.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{"account_request_insert",
                            "INSERT INTO account_request (sealed, id, created_at, due_at) VALUES ($1, $2, $3, $3)"};
constexpr Statement kLock{
    "account_request_lock",
    "SELECT id, sealed, attempts, created_at FROM account_request WHERE due_at <= $1 ORDER BY due_at LIMIT 1 "
    "FOR UPDATE SKIP LOCKED"};
constexpr Statement kDelete{"account_request_delete", "DELETE FROM account_request WHERE id = $1"};
constexpr Statement kPostpone{"account_request_postpone",
                              "UPDATE account_request SET attempts = attempts + 1, due_at = $2 WHERE id = $1"};

}  // namespace

Task<Result<void>> insert_account_request(RequestContext& context, postgres::Pool& pool, Uuid id, std::string sealed,
                                          WallTime now) {
  Params params;
  params.add_bytes(sealed).add(id).add(now);
  EVC_CO_CHECK(co_await pool.exec(context, kInsert, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::optional<DueRequest>>> lock_due_request(RequestContext& context, postgres::Transaction& transaction,
                                                         WallTime now) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLock, Params(now)));
  if (rows.empty()) co_return std::optional<DueRequest>{};
  co_return DueRequest{.id = rows.get<Uuid>(0, 0),
                       .sealed = rows.bytes(0, 1),
                       .attempts = rows.get<std::int64_t>(0, 2),
                       .created_at = rows.get<WallTime>(0, 3)};
}

Task<Result<void>> delete_account_request(RequestContext& context, postgres::Transaction& transaction, Uuid id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kDelete, Params(id)));
  co_return Result<void>{};
}

Task<Result<void>> postpone_account_request(RequestContext& context, postgres::Transaction& transaction, Uuid id,
                                            WallTime due_at) {
  EVC_CO_CHECK(co_await transaction.exec(context, kPostpone, Params(id, due_at)));
  co_return Result<void>{};
}

}  // namespace evc::auth_service
