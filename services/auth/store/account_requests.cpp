#include "services/auth/store/account_requests.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{"account_request_insert",
                            "INSERT INTO account_request (sealed, id, created_at, due_at) VALUES ($1, $2, $3, $3)"};
constexpr Statement kLock{
    "account_request_lock",
    "SELECT id, sealed, attempts FROM account_request WHERE due_at <= $2 ORDER BY due_at LIMIT $1 "
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

Task<Result<std::vector<DueRequest>>> lock_due_requests(RequestContext& context, postgres::Transaction& transaction,
                                                        std::int64_t limit, WallTime now) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLock, Params(limit, now)));
  std::vector<DueRequest> due;
  for (std::size_t i = 0; i < rows.size(); ++i)
    due.push_back({.id = rows.get<Uuid>(i, 0), .sealed = rows.bytes(i, 1), .attempts = rows.get<std::int64_t>(i, 2)});
  co_return due;
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
