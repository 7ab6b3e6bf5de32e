#include "services/charging/store/sessions.hpp"

namespace evc::charging {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

#define SESSION_COLUMNS                                                                                              \
  "id, puid, correlation_id, trace_id, station_id, station_name, connector_id, connector_type, "                     \
  "connector_max_power_w, vehicle_id, target_soc, "                                                                  \
  "energy_limit_wh, currency, per_kwh_minor, start_fee_minor, idle_per_minute_minor, grace_minutes, hold_minor, "    \
  "reference, state, version, "                                                                                      \
  "transaction_id, meter_start_wh, energy_wh, power_w, soc, cost_minor, captured_minor, receivable_minor, failure, " \
  "stop_reason, hold_gone, "                                                                                         \
  "created_at, started_at, ended_at, updated_at, deadline_at, span_id, hold_limit_minor, increment_minor, "          \
  "increment_percent, increment_number, increment_amount_minor, increment_state, increment_due_at, last_step_wh"

constexpr Statement kInsert{
    "session_insert",
    "INSERT INTO session (" SESSION_COLUMNS
    ", payment_method) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
    "$15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, "
    "$27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47)"};
constexpr Statement kUpdate{
    "session_update",
    "UPDATE session SET state = $2, version = $3, transaction_id = $4, meter_start_wh = $5, "
    "energy_wh = $6, power_w = $7, soc = $8, cost_minor = $9, "
    "captured_minor = $10, receivable_minor = $11, failure = $12, stop_reason = $13, hold_gone "
    "= $14, started_at = $15, ended_at = $16, updated_at = $17, "
    "deadline_at = $18, hold_minor = $19, increment_number = $20, increment_amount_minor = $21, "
    "increment_state = $22, increment_due_at = $23, last_step_wh = $24 WHERE id = $1"};
constexpr Statement kLock{"session_lock", "SELECT " SESSION_COLUMNS " FROM session WHERE id = $1 FOR UPDATE"};
constexpr Statement kFind{"session_find", "SELECT " SESSION_COLUMNS " FROM session WHERE id = $1"};
constexpr Statement kList{"session_list", "SELECT " SESSION_COLUMNS
                                          " FROM session WHERE puid = $1 AND ($2::text IS NULL OR state = $2) AND "
                                          "($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid)) "
                                          "ORDER BY created_at DESC, id DESC LIMIT $5"};
constexpr Statement kSearch{
    "session_search", "SELECT " SESSION_COLUMNS
                      " FROM session WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR station_id = $2) "
                      "AND ($3::text IS NULL OR puid = $3) AND ($4::text IS NULL OR trace_id = $4) "
                      "AND ($5::text = 'any' OR (deadline_at IS NOT NULL) = ($5 = 'live')) "
                      "AND ($6::timestamptz IS NULL OR (created_at, id) < ($6, $7::uuid)) "
                      "ORDER BY created_at DESC, id DESC LIMIT $8 + 1"};
constexpr Statement kOnConnectors{
    "session_on_connectors",
    "SELECT station_id, connector_id, id, state, energy_wh, power_w, soc FROM session "
    "WHERE state IN ('REQUESTED', 'AUTHORISED', 'CANCELLING', 'STARTED', 'CHARGING', 'STOPPING')"};
constexpr Statement kPaymentMethods{"session_payment_methods",
                                    "SELECT id, payment_method FROM session WHERE id = ANY ($1::uuid[])"};
constexpr Statement kCountOpen{"session_count_open",
                               "SELECT count(*) FROM session WHERE puid = $1 AND deadline_at IS NOT NULL"};
constexpr Statement kInsertTimeline{
    "timeline_insert",
    "INSERT INTO session_timeline (session_id, version, state, at, reason) VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement kTimeline{
    "timeline_read", "SELECT state, at, reason FROM session_timeline WHERE session_id = $1 ORDER BY version, at"};
constexpr Statement kInsertCase{"case_insert",
                                "INSERT INTO reconciliation_case (id, session_id, kind, text, trace_id, created_at) "
                                "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (session_id, text) DO NOTHING"};
constexpr Statement kOverdue{"session_overdue",
                             "SELECT id FROM session WHERE deadline_at <= $1 AND ($2 OR state NOT IN ('AUTHORISED', "
                             "'CANCELLING')) ORDER BY deadline_at LIMIT $3"};
constexpr Statement kLockOverdue{"session_lock_overdue",
                                 "SELECT " SESSION_COLUMNS
                                 " FROM session WHERE id = $1 AND deadline_at <= $2 FOR UPDATE SKIP LOCKED"};
constexpr Statement kClaimIncrements{
    "session_claim_increments",
    "UPDATE session SET increment_due_at = $2 WHERE id IN (SELECT id FROM session WHERE increment_due_at <= $1 AND "
    "state "
    "= 'CHARGING' ORDER BY increment_due_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING " SESSION_COLUMNS};
constexpr Statement kCount{"session_count",
                           "SELECT state, count(*), coalesce(extract(epoch FROM $1::timestamptz - min(updated_at)), "
                           "0)::bigint FROM session WHERE deadline_at IS NOT NULL GROUP BY state"};

Session session_of(const Rows& rows, std::size_t row) {
  Session session;
  session.id = rows.get<Uuid>(row, 0);
  session.puid = rows.get<std::string>(row, 1);
  session.correlation_id = rows.get<Uuid>(row, 2);
  session.trace_id = rows.get<std::string>(row, 3);
  session.station_id = rows.get<std::string>(row, 4);
  session.station_name = rows.get<std::string>(row, 5);
  session.connector_id = rows.get<std::int64_t>(row, 6);
  session.connector_type = rows.get<std::string>(row, 7);
  session.connector_max_power_w = rows.get<std::int64_t>(row, 8);
  session.vehicle_id = rows.get<std::optional<Uuid>>(row, 9);
  session.target_soc = rows.get<std::optional<double>>(row, 10);
  session.energy_limit_wh = rows.get<std::int64_t>(row, 11);
  session.tariff = {.currency = Currency::parse(rows.get<std::string>(row, 12)).value(),
                    .per_kwh_minor = rows.get<std::int64_t>(row, 13),
                    .start_fee_minor = rows.get<std::int64_t>(row, 14),
                    .idle_per_minute_minor = rows.get<std::int64_t>(row, 15),
                    .grace_minutes = rows.get<std::int64_t>(row, 16)};
  session.hold_minor = rows.get<std::int64_t>(row, 17);
  session.reference = rows.get<std::string>(row, 18);
  session.state = state_from_name(rows.text(row, 19)).value();
  session.version = rows.get<std::int64_t>(row, 20);
  session.transaction_id = rows.get<std::optional<std::string>>(row, 21);
  session.meter_start_wh = rows.get<std::int64_t>(row, 22);
  session.energy_wh = rows.get<std::int64_t>(row, 23);
  session.power_w = rows.get<std::optional<std::int64_t>>(row, 24);
  session.soc = rows.get<std::optional<double>>(row, 25);
  session.cost_minor = rows.get<std::int64_t>(row, 26);
  session.captured_minor = rows.get<std::optional<std::int64_t>>(row, 27);
  session.receivable_minor = rows.get<std::optional<std::int64_t>>(row, 28);
  session.failure = rows.get<std::optional<std::string>>(row, 29);
  session.stop_reason = rows.get<std::optional<std::string>>(row, 30);
  session.hold_gone = rows.get<bool>(row, 31);
  session.created_at = rows.get<WallTime>(row, 32);
  session.started_at = rows.get<std::optional<WallTime>>(row, 33);
  session.ended_at = rows.get<std::optional<WallTime>>(row, 34);
  session.updated_at = rows.get<WallTime>(row, 35);
  session.deadline_at = rows.get<std::optional<WallTime>>(row, 36);
  session.span_id = rows.get<std::string>(row, 37);
  session.hold_limit_minor = rows.get<std::int64_t>(row, 38);
  session.increment_minor = rows.get<std::int64_t>(row, 39);
  session.increment_percent = rows.get<std::int64_t>(row, 40);
  session.increment = {.number = rows.get<std::int64_t>(row, 41),
                       .amount_minor = rows.get<std::int64_t>(row, 42),
                       .state = increment_state_from_name(rows.text(row, 43)).value(),
                       .due_at = rows.get<std::optional<WallTime>>(row, 44)};
  session.last_step_wh = rows.get<std::int64_t>(row, 45);
  return session;
}

void add_increment(Params& params, const Session& session) {
  params.add(session.increment.number)
      .add(session.increment.amount_minor)
      .add(name(session.increment.state))
      .add(session.increment.due_at)
      .add(session.last_step_wh);
}

std::optional<Session> first_of(const Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(session_of(rows, 0));
}

}  // namespace

Task<Result<void>> insert_session(RequestContext& context, postgres::Transaction& transaction, Session session,
                                  json::Value payment_method) {
  Params params(session.id, session.puid, session.correlation_id, session.trace_id, session.station_id,
                session.station_name, session.connector_id);
  params.add(session.connector_type)
      .add(session.connector_max_power_w)
      .add(session.vehicle_id)
      .add(session.target_soc)
      .add(session.energy_limit_wh);
  params.add(session.tariff.currency.code()).add(session.tariff.per_kwh_minor).add(session.tariff.start_fee_minor);
  params.add(session.tariff.idle_per_minute_minor)
      .add(session.tariff.grace_minutes)
      .add(session.hold_minor)
      .add(session.reference);
  params.add(name(session.state))
      .add(session.version)
      .add(session.transaction_id)
      .add(session.meter_start_wh)
      .add(session.energy_wh);
  params.add(session.power_w)
      .add(session.soc)
      .add(session.cost_minor)
      .add(session.captured_minor)
      .add(session.receivable_minor);
  params.add(session.failure)
      .add(session.stop_reason)
      .add(session.hold_gone)
      .add(session.created_at)
      .add(session.started_at);
  params.add(session.ended_at).add(session.updated_at).add(session.deadline_at).add(session.span_id);
  params.add(session.hold_limit_minor).add(session.increment_minor).add(session.increment_percent);
  add_increment(params, session);
  params.add(payment_method);
  auto inserted = co_await transaction.exec(context, kInsert, std::move(params));
  if (!inserted && inserted.error().code == Code::kUniqueViolation)
    co_return fail(Code::kConnectorUnavailable, "another charge is running at this connector");
  if (!inserted) co_return std::unexpected(std::move(inserted).error());
  co_return Result<void>{};
}

Result<void> update_session(postgres::Transaction& transaction, const Session& session) {
  Params params(session.id, name(session.state), session.version);
  params.add(session.transaction_id)
      .add(session.meter_start_wh)
      .add(session.energy_wh)
      .add(session.power_w)
      .add(session.soc)
      .add(session.cost_minor);
  params.add(session.captured_minor)
      .add(session.receivable_minor)
      .add(session.failure)
      .add(session.stop_reason)
      .add(session.hold_gone);
  params.add(session.started_at).add(session.ended_at).add(session.updated_at).add(session.deadline_at);
  params.add(session.hold_minor);
  add_increment(params, session);
  return transaction.defer(kUpdate, std::move(params));
}

Result<void> insert_timeline(postgres::Transaction& transaction, Uuid session_id, std::int64_t version,
                             const TimelineEntry& entry) {
  return transaction.defer(kInsertTimeline, Params(session_id, version, name(entry.state), entry.at, entry.reason));
}

Task<Result<void>> insert_case(RequestContext& context, postgres::Transaction& transaction, Uuid session_id,
                               Contradiction contradiction) {
  const std::string kind(json::encode(contradiction.kind).as_string());
  EVC_CO_CHECK(co_await transaction.exec(
      context, kInsertCase,
      Params(uuid_v7(), session_id, kind, contradiction.text, context.trace.trace_id_hex(), context.clock->wall())));
  co_return Result<void>{};
}

Task<Result<std::optional<Session>>> lock_session(RequestContext& context, postgres::Transaction& transaction,
                                                  Uuid id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLock, Params(id)));
  co_return first_of(rows);
}

Task<Result<std::optional<Session>>> find_session(RequestContext& context, postgres::Pool& pool, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(id)));
  co_return first_of(rows);
}

Task<Result<std::vector<TimelineEntry>>> read_timeline(RequestContext& context, postgres::Pool& pool, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kTimeline, Params(id)));
  std::vector<TimelineEntry> entries;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    entries.push_back({state_from_name(rows.text(i, 0)).value(), rows.get<WallTime>(i, 1),
                       rows.get<std::optional<std::string>>(i, 2)});
  }
  co_return entries;
}

Task<Result<std::vector<Session>>> list_sessions(RequestContext& context, postgres::Pool& pool, SessionPage page) {
  Params params(page.puid, page.state, page.before, page.before_id, page.limit);
  EVC_CO_TRY(rows, co_await pool.exec(context, kList, std::move(params)));
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < rows.size(); ++i) sessions.push_back(session_of(rows, i));
  co_return sessions;
}

Task<Result<std::vector<Session>>> search_sessions(RequestContext& context, postgres::Pool& pool,
                                                   SessionSearch search) {
  using Life = SessionSearch::Life;
  const char* life = search.life == Life::kAny ? "any" : search.life == Life::kLive ? "live" : "over";
  Params params(search.state, search.station_id, search.puid, search.trace_id, life);
  if (search.after)
    params.add(search.after->first).add(search.after->second);
  else
    params.add_null().add_null();
  params.add(search.limit);
  EVC_CO_TRY(rows, co_await pool.exec(context, kSearch, std::move(params)));
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < rows.size(); ++i) sessions.push_back(session_of(rows, i));
  co_return sessions;
}

Task<Result<ConnectorCharges>> charges_on_connectors(RequestContext& context, postgres::Pool& pool) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOnConnectors, Params()));
  ConnectorCharges charges;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    charges.emplace(std::pair(rows.get<std::string>(i, 0), rows.get<std::int64_t>(i, 1)),
                    ConnectorCharge{.session_id = rows.get<Uuid>(i, 2),
                                    .state = state_from_name(rows.text(i, 3)).value(),
                                    .energy_wh = rows.get<std::int64_t>(i, 4),
                                    .power_w = rows.get<std::optional<std::int64_t>>(i, 5),
                                    .soc = rows.get<std::optional<double>>(i, 6)});
  }
  co_return charges;
}

Task<Result<std::map<Uuid, json::Value>>> payment_methods_of(RequestContext& context, postgres::Pool& pool,
                                                             std::vector<Uuid> ids) {
  std::string array = "{";
  for (const Uuid& id : ids) array += (array.size() > 1 ? "," : "") + to_string(id);
  EVC_CO_TRY(rows, co_await pool.exec(context, kPaymentMethods, Params(array + "}")));
  std::map<Uuid, json::Value> methods;
  for (std::size_t i = 0; i < rows.size(); ++i) methods.emplace(rows.get<Uuid>(i, 0), rows.get<json::Value>(i, 1));
  co_return methods;
}

Task<Result<std::int64_t>> count_open_sessions(RequestContext& context, postgres::Pool& pool, std::string puid) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kCountOpen, Params(puid)));
  co_return rows.get<std::int64_t>(0, 0);
}

Task<Result<std::vector<Uuid>>> overdue_sessions(RequestContext& context, postgres::Pool& pool, WallTime now,
                                                 Overdue which, std::int64_t limit) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOverdue, Params(now, which == Overdue::kAll, limit)));
  std::vector<Uuid> ids;
  for (std::size_t i = 0; i < rows.size(); ++i) ids.push_back(rows.get<Uuid>(i, 0));
  co_return ids;
}

Task<Result<std::optional<Session>>> lock_overdue_session(RequestContext& context, postgres::Transaction& transaction,
                                                          Uuid id, WallTime now) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLockOverdue, Params(id, now)));
  co_return first_of(rows);
}

Task<Result<std::vector<Session>>> claim_increments(RequestContext& context, postgres::Pool& pool, WallTime now,
                                                    WallTime until, std::int64_t limit) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kClaimIncrements, Params(now, until, limit)));
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < rows.size(); ++i) sessions.push_back(session_of(rows, i));
  co_return sessions;
}

Task<Result<std::vector<StateCount>>> count_live_sessions(RequestContext& context, postgres::Pool& pool, WallTime now) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kCount, Params(now)));
  std::vector<StateCount> counts;
  for (std::size_t i = 0; i < rows.size(); ++i)
    counts.push_back({rows.get<std::string>(i, 0), rows.get<std::int64_t>(i, 1), rows.get<std::int64_t>(i, 2)});
  co_return counts;
}

}  // namespace evc::charging
