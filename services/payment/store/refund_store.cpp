#include "services/payment/store/refund_store.hpp"

#include "kit/base/assert.hpp"

namespace evc::payment::store {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

#define REFUND_COLUMNS                                                                                        \
  "id, payment_id, number, amount, reason, note, state, requested_by, requested_at, decided_by, decided_at, " \
  "finished_at"

constexpr Statement kInsert{"payment.refund.insert", "INSERT INTO refund (" REFUND_COLUMNS
                                                     ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, NULL, NULL)"};
constexpr Statement kUpdate{
    "payment.refund.update",
    "UPDATE refund SET state = $2, decided_by = $3, decided_at = $4, finished_at = $5 WHERE id = $1"};
constexpr Statement kOfPayment{"payment.refund.of payment",
                               "SELECT " REFUND_COLUMNS " FROM refund WHERE payment_id = $1 ORDER BY number"};
constexpr Statement kFind{"payment.refund.find", "SELECT " REFUND_COLUMNS " FROM refund WHERE id = $1"};
constexpr Statement kRunning{"payment.refund.running",
                             "SELECT " REFUND_COLUMNS
                             " FROM refund WHERE payment_id = $1 AND state IN ('approved', 'unknown')"};
constexpr Statement kList{"payment.refund.list",
                          "SELECT " REFUND_COLUMNS
                          " FROM refund WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR payment_id = "
                          "$2) AND ($3::timestamptz IS NULL OR (requested_at, id) < ($3, $4::uuid)) "
                          "ORDER BY requested_at DESC, id DESC LIMIT $5 + 1"};

template <class E>
E enum_at(const Rows& rows, std::size_t row, std::size_t column) {
  auto value = from_name<E>(rows.text(row, column));
  EVC_ASSERT(value.has_value());
  return *value;
}

Refund refund_at(const Rows& rows, std::size_t row) {
  return {.id = rows.get<Uuid>(row, 0),
          .payment_id = rows.get<Uuid>(row, 1),
          .number = rows.get<std::int64_t>(row, 2),
          .amount = rows.get<std::int64_t>(row, 3),
          .reason = enum_at<RefundReason>(rows, row, 4),
          .note = rows.get<std::string>(row, 5),
          .state = enum_at<RefundState>(rows, row, 6),
          .requested_by = rows.get<std::string>(row, 7),
          .requested_at = rows.get<WallTime>(row, 8),
          .decided_by = rows.get<std::optional<std::string>>(row, 9),
          .decided_at = rows.get<std::optional<WallTime>>(row, 10),
          .finished_at = rows.get<std::optional<WallTime>>(row, 11)};
}

std::vector<Refund> all_of(const Rows& rows) {
  std::vector<Refund> refunds;
  for (std::size_t row = 0; row < rows.size(); ++row) refunds.push_back(refund_at(rows, row));
  return refunds;
}

std::optional<Refund> first_of(const Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(refund_at(rows, 0));
}

}  // namespace

Task<Result<void>> insert_refund(RequestContext& context, postgres::Transaction& transaction, Refund refund) {
  Params params(refund.id, refund.payment_id, refund.number, refund.amount, name_of(refund.reason), refund.note,
                name_of(refund.state));
  params.add(refund.requested_by).add(refund.requested_at);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsert, std::move(params)));
  co_return Result<void>{};
}

std::pair<Statement, Params> update_refund(const Refund& refund) {
  Params params(refund.id, name_of(refund.state));
  params.add(refund.decided_by).add(refund.decided_at).add(refund.finished_at);
  return {kUpdate, std::move(params)};
}

Task<Result<std::vector<Refund>>> refunds_of(RequestContext& context, postgres::Transaction& transaction,
                                             Uuid payment_id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kOfPayment, Params(payment_id)));
  co_return all_of(rows);
}

Task<Result<std::vector<Refund>>> refunds_of(RequestContext& context, postgres::Pool& pool, Uuid payment_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOfPayment, Params(payment_id)));
  co_return all_of(rows);
}

Task<Result<std::optional<Refund>>> find_refund(RequestContext& context, postgres::Pool& pool, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(id)));
  co_return first_of(rows);
}

Task<Result<std::optional<Refund>>> running_refund(RequestContext& context, postgres::Pool& pool, Uuid payment_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kRunning, Params(payment_id)));
  co_return first_of(rows);
}

Task<Result<std::optional<Refund>>> running_refund(RequestContext& context, postgres::Transaction& transaction,
                                                   Uuid payment_id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kRunning, Params(payment_id)));
  co_return first_of(rows);
}

Task<Result<std::vector<Refund>>> list_refunds(RequestContext& context, postgres::Pool& pool, RefundPage page) {
  Params params(page.state, page.payment_id);
  if (page.after) {
    params.add(page.after->first).add(page.after->second);
  } else {
    params.add_null().add_null();
  }
  params.add(page.limit);
  EVC_CO_TRY(rows, co_await pool.exec(context, kList, std::move(params)));
  co_return all_of(rows);
}

}  // namespace evc::payment::store
