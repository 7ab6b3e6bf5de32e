#include "services/payment/store/payment_store.hpp"

#include "kit/base/assert.hpp"

namespace evc::payment::store {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

#define PAYMENT_COLUMNS                                                                                                \
  "id, reference, session_id, puid, correlation_id, method, token, state, currency, asked, held, captured, released, " \
  "receivable, refunded, "                                                                                             \
  "price, void_reason, provider_id, hold_expires_at, unknown_since, receipt, created_at, updated_at, hold_limit, "     \
  "increments"

constexpr Statement kInsert{
    "payment.insert",
    "INSERT INTO payment (id, reference, session_id, puid, correlation_id, method, token, state, currency, asked, "
    "created_at, updated_at, hold_limit) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (reference) DO NOTHING"};
constexpr Statement kUpdate{
    "payment.update",
    "UPDATE payment SET state = $2, held = $3, captured = $4, released = $5, receivable = $6, refunded = $7, price = "
    "$8, void_reason = $9, "
    "provider_id = $10, hold_expires_at = $11, unknown_since = $12, receipt = $13, updated_at = $14, increments = "
    "$15 WHERE id = $1"};
constexpr Statement kLockByReference{"payment.lock by reference",
                                     "SELECT " PAYMENT_COLUMNS " FROM payment WHERE reference = $1 FOR UPDATE"};
constexpr Statement kLockById{"payment.lock by id", "SELECT " PAYMENT_COLUMNS " FROM payment WHERE id = $1 FOR UPDATE"};
constexpr Statement kFind{"payment.find", "SELECT " PAYMENT_COLUMNS " FROM payment WHERE reference = $1"};
constexpr Statement kFindById{"payment.find by id", "SELECT " PAYMENT_COLUMNS " FROM payment WHERE id = $1"};
constexpr Statement kFindOfDriver{"payment.find of driver",
                                  "SELECT " PAYMENT_COLUMNS " FROM payment WHERE puid = $1 AND id = $2"};
constexpr Statement kList{"payment.list", "SELECT " PAYMENT_COLUMNS
                                          " FROM payment WHERE puid = $1 AND ($2::uuid IS NULL OR session_id = $2) "
                                          "AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid)) ORDER BY "
                                          "created_at DESC, id DESC LIMIT $5 + 1"};
constexpr Statement kOfSession{"payment.of session",
                               "SELECT " PAYMENT_COLUMNS
                               " FROM payment WHERE session_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50"};
constexpr Statement kCountOpen{
    "payment.count open",
    "SELECT (SELECT count(*) FROM payment WHERE puid = $1 AND state IN ('requested', 'unknown', 'authorised', "
    "'capturing', 'voiding')) + (SELECT count(*) FROM refund r JOIN payment p ON p.id = r.payment_id WHERE p.puid = $1 "
    "AND r.state IN ('requested', 'approved', 'unknown')) + (SELECT count(*) FROM reconciliation_case c JOIN payment p "
    "ON p.id = c.payment_id WHERE p.puid = $1 AND c.closed_at IS NULL)"};
constexpr Statement kExpired{
    "payment.expired holds",
    "SELECT id FROM payment WHERE state = 'authorised' AND hold_expires_at < $1 ORDER BY hold_expires_at LIMIT 100"};
constexpr Statement kTakeWebhook{
    "payment.take webhook",
    "INSERT INTO provider_webhook (webhook_id, reference, type) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
constexpr Statement kLockReference{"payment.lock reference", "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"};
constexpr Statement kClose{"payment.close reference",
                           "INSERT INTO closed_reference (reference) VALUES ($1) ON CONFLICT DO NOTHING"};
constexpr Statement kClosed{"payment.reference closed", "SELECT 1 FROM closed_reference WHERE reference = $1"};
constexpr Statement kOpenCase{
    "payment.open case",
    "INSERT INTO reconciliation_case (case_id, payment_id, kind, what, trace_id) VALUES ($1, $2, "
    "$3, $4, $5)"};
constexpr Statement kFigures{
    "payment.figures",
    "SELECT ledger_imbalance(), (SELECT count(*) FROM reconciliation_case WHERE closed_at IS NULL), "
    "(SELECT count(*) FROM provider_job WHERE done_at IS NULL AND deadline_at < now())"};
constexpr Statement kByState{
    "payment.by state",
    "SELECT state, count(*) FROM payment WHERE created_at > now() - interval '1 day' "
    "OR state IN ('requested', 'unknown', 'authorised', 'capturing', 'voiding') GROUP BY state"};
constexpr Statement kMoney{
    "payment.money",
    "SELECT currency, sum(held - captured - released)::bigint, sum(captured)::bigint, sum(released)::bigint, "
    "sum(receivable)::bigint, sum(refunded)::bigint FROM payment WHERE created_at > now() - interval '1 day' "
    "OR state IN ('requested', 'unknown', 'authorised', 'capturing', 'voiding') GROUP BY currency"};
constexpr Statement kBrokenLinks{"payment.broken links", "SELECT ledger_broken_links()"};

template <class E>
E enum_at(const Rows& rows, std::size_t row, std::size_t column) {
  auto value = from_name<E>(rows.text(row, column));
  EVC_ASSERT(value.has_value());
  return *value;
}

Payment payment_at(const Rows& rows, std::size_t row) {
  auto currency = Currency::parse(rows.text(row, 8));
  EVC_ASSERT(currency.has_value());
  Payment payment{.id = rows.get<Uuid>(row, 0),
                  .reference = rows.get<std::string>(row, 1),
                  .session_id = rows.get<Uuid>(row, 2),
                  .puid = rows.get<std::string>(row, 3),
                  .correlation_id = rows.get<Uuid>(row, 4),
                  .method = enum_at<Method>(rows, row, 5),
                  .token = rows.get<std::string>(row, 6),
                  .state = enum_at<State>(rows, row, 7),
                  .currency = *currency,
                  .asked = rows.get<std::int64_t>(row, 9),
                  .limit = rows.get<std::int64_t>(row, 23),
                  .held = rows.get<std::int64_t>(row, 10),
                  .captured = rows.get<std::int64_t>(row, 11),
                  .released = rows.get<std::int64_t>(row, 12),
                  .receivable = rows.get<std::int64_t>(row, 13),
                  .refunded = rows.get<std::int64_t>(row, 14),
                  .price = rows.get<std::optional<std::int64_t>>(row, 15),
                  .provider_id = rows.get<std::optional<std::string>>(row, 17),
                  .hold_expires_at = rows.get<std::optional<WallTime>>(row, 18),
                  .unknown_since = rows.get<std::optional<WallTime>>(row, 19),
                  .created_at = rows.get<WallTime>(row, 21),
                  .updated_at = rows.get<WallTime>(row, 22)};
  if (!rows.is_null(row, 16)) payment.void_reason = enum_at<VoidReason>(rows, row, 16);
  if (!rows.is_null(row, 20)) payment.receipt = rows.get<json::Value>(row, 20).as_object();
  auto increments = json::decode<std::vector<Increment>>(rows.get<json::Value>(row, 24));
  EVC_ASSERT(increments.has_value());
  payment.increments = std::move(*increments);
  return payment;
}

Result<std::optional<Payment>> first_of(Result<Rows> rows) {
  if (!rows) return std::unexpected(std::move(rows).error());
  if (rows->empty()) return std::nullopt;
  return payment_at(*rows, 0);
}

}  // namespace

Task<Result<bool>> insert(RequestContext& context, postgres::Transaction& transaction, const Payment& payment) {
  Params params(payment.id, payment.reference, payment.session_id, payment.puid, payment.correlation_id,
                name_of(payment.method), payment.token, name_of(payment.state), payment.currency.code(), payment.asked,
                payment.created_at, payment.updated_at);
  params.add(payment.limit);
  auto rows = co_await transaction.exec(context, kInsert, std::move(params));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return rows->affected() == 1;
}

std::pair<Statement, Params> update(const Payment& payment) {
  Params params(payment.id, name_of(payment.state), payment.held, payment.captured, payment.released,
                payment.receivable, payment.refunded, payment.price);
  payment.void_reason ? params.add(name_of(*payment.void_reason)) : params.add_null();
  params.add(payment.provider_id).add(payment.hold_expires_at).add(payment.unknown_since);
  payment.receipt ? params.add(json::Value(*payment.receipt)) : params.add_null();
  params.add(payment.updated_at).add(json::encode(payment.increments));
  return {kUpdate, std::move(params)};
}

std::pair<Statement, Params> open_case(const Payment& payment, CaseKind kind, std::string_view trace_id) {
  return {kOpenCase, Params(uuid_v7(), payment.id, name_of(kind), text_of(kind), trace_id)};
}

Task<Result<std::optional<Payment>>> find_for_update(RequestContext& context, postgres::Transaction& transaction,
                                                     std::string reference) {
  co_return first_of(co_await transaction.exec(context, kLockByReference, Params(reference)));
}

Task<Result<std::optional<Payment>>> find_for_update(RequestContext& context, postgres::Transaction& transaction,
                                                     Uuid id) {
  co_return first_of(co_await transaction.exec(context, kLockById, Params(id)));
}

Task<Result<std::optional<Payment>>> find(RequestContext& context, postgres::Pool& pool, std::string reference) {
  co_return first_of(co_await pool.exec(context, kFind, Params(reference)));
}

Task<Result<std::optional<Payment>>> find(RequestContext& context, postgres::Pool& pool, Uuid id) {
  co_return first_of(co_await pool.exec(context, kFindById, Params(id)));
}

Task<Result<std::optional<Payment>>> find_of_driver(RequestContext& context, postgres::Pool& pool, std::string puid,
                                                    Uuid id) {
  co_return first_of(co_await pool.exec(context, kFindOfDriver, Params(puid, id)));
}

Task<Result<std::vector<Payment>>> of_session(RequestContext& context, postgres::Pool& pool, Uuid session_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOfSession, Params(session_id)));
  std::vector<Payment> payments;
  for (std::size_t i = 0; i < rows.size(); ++i) payments.push_back(payment_at(rows, i));
  co_return payments;
}

Task<Result<std::vector<Payment>>> list(RequestContext& context, postgres::Pool& pool, Page page) {
  Params params(page.puid, page.session_id);
  if (page.after) {
    params.add(page.after->first).add(page.after->second);
  } else {
    params.add_null().add_null();
  }
  params.add(page.limit);
  auto rows = co_await pool.exec(context, kList, std::move(params));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  std::vector<Payment> payments;
  for (std::size_t row = 0; row < rows->size(); ++row) payments.push_back(payment_at(*rows, row));
  co_return payments;
}

Task<Result<std::int64_t>> count_open(RequestContext& context, postgres::Pool& pool, std::string puid) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kCountOpen, Params(puid)));
  co_return rows.get<std::int64_t>(0, 0);
}

Task<Result<std::vector<Uuid>>> expired_holds(RequestContext& context, postgres::Pool& pool, WallTime now) {
  auto rows = co_await pool.exec(context, kExpired, Params(now));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  std::vector<Uuid> ids;
  for (std::size_t row = 0; row < rows->size(); ++row) ids.push_back(rows->get<Uuid>(row, 0));
  co_return ids;
}

Task<Result<bool>> take_webhook(RequestContext& context, postgres::Transaction& transaction, std::string webhook_id,
                                std::string reference, std::string type) {
  auto rows = co_await transaction.exec(context, kTakeWebhook, Params(webhook_id, reference, type));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return rows->affected() == 1;
}

Task<Result<void>> lock_reference(RequestContext& context, postgres::Transaction& transaction, std::string reference) {
  auto rows = co_await transaction.exec(context, kLockReference, Params(reference));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

Task<Result<void>> close_reference(RequestContext& context, postgres::Transaction& transaction, std::string reference) {
  auto rows = co_await transaction.exec(context, kClose, Params(reference));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

Task<Result<bool>> reference_closed(RequestContext& context, postgres::Transaction& transaction,
                                    std::string reference) {
  auto rows = co_await transaction.exec(context, kClosed, Params(reference));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return !rows->empty();
}

Task<Result<Figures>> figures(RequestContext& context, postgres::Pool& pool) {
  auto rows = co_await pool.exec(context, kFigures);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  auto states = co_await pool.exec(context, kByState);
  if (!states) co_return std::unexpected(std::move(states).error());
  Figures figures{.imbalance = rows->get<std::int64_t>(0, 0),
                  .open_cases = rows->get<std::int64_t>(0, 1),
                  .overdue_jobs = rows->get<std::int64_t>(0, 2),
                  .payments_by_state = {},
                  .money = {}};
  for (std::size_t row = 0; row < states->size(); ++row)
    figures.payments_by_state.emplace_back(states->get<std::string>(row, 0), states->get<std::int64_t>(row, 1));
  auto money = co_await pool.exec(context, kMoney);
  if (!money) co_return std::unexpected(std::move(money).error());
  for (std::size_t row = 0; row < money->size(); ++row)
    figures.money.push_back({.currency = money->get<std::string>(row, 0),
                             .held = money->get<std::int64_t>(row, 1),
                             .captured = money->get<std::int64_t>(row, 2),
                             .released = money->get<std::int64_t>(row, 3),
                             .receivable = money->get<std::int64_t>(row, 4),
                             .refunded = money->get<std::int64_t>(row, 5)});
  co_return figures;
}

Task<Result<std::int64_t>> broken_links(RequestContext& context, postgres::Pool& pool) {
  auto rows = co_await pool.exec(context, kBrokenLinks);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return rows->get<std::int64_t>(0, 0);
}

}  // namespace evc::payment::store
