#include "services/integrations/store/session_store.hpp"

namespace evc::integrations::store {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{"integrations.session.insert", R"(
  INSERT INTO charging_session (session_id, station_id, connector_id, id_tag, user_id, correlation_id, event_id, traceparent, tracestate, start_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (session_id) DO NOTHING)"};
constexpr Statement kClose{"integrations.session.close",
                           "UPDATE charging_session SET closed_at = now() WHERE session_id = $1 AND closed_at IS NULL"};
constexpr Statement kFind{"integrations.session.find", R"(
  SELECT session_id, station_id, connector_id, id_tag, user_id, correlation_id, event_id, traceparent, tracestate, start_by, closed_at IS NOT NULL
    FROM charging_session WHERE session_id = $1)"};
constexpr Statement kFindByTag{"integrations.session.find-by-tag", R"(
  SELECT session_id, station_id, connector_id, id_tag, user_id, correlation_id, event_id, traceparent, tracestate, start_by, closed_at IS NOT NULL
    FROM charging_session WHERE id_tag = upper($1))"};
constexpr Statement kFindByTransaction{"integrations.session.find-by-transaction", R"(
  SELECT s.session_id, s.station_id, s.connector_id, s.id_tag, s.user_id, s.correlation_id, s.event_id, s.traceparent, s.tracestate, s.start_by, s.closed_at IS NOT NULL
    FROM ocpp_transaction t JOIN charging_session s USING (session_id) WHERE t.transaction_id = $2 AND t.station_id = $1)"};

std::optional<SessionRow> session_row(const postgres::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return SessionRow{
      .session_id = rows.get<Uuid>(0, 0),
      .station_id = rows.get<std::string>(0, 1),
      .connector_id = rows.get<std::int64_t>(0, 2),
      .id_tag = rows.get<std::string>(0, 3),
      .user_id = rows.get<std::string>(0, 4),
      .correlation_id = rows.get<Uuid>(0, 5),
      .event_id = rows.get<Uuid>(0, 6),
      .trace = telemetry::TraceContext::parse(rows.text(0, 7), rows.text(0, 8)).value_or(telemetry::TraceContext{}),
      .start_by = rows.get<WallTime>(0, 9),
      .closed = rows.get<bool>(0, 10)};
}

}  // namespace

Task<Result<void>> insert_session(RequestContext& context, postgres::Transaction& transaction, SessionRow session) {
  EVC_CO_CHECK(
      co_await transaction.exec(context, kInsert,
                                Params(session.session_id, session.station_id, session.connector_id, session.id_tag,
                                       session.user_id, session.correlation_id, session.event_id,
                                       session.trace.traceparent(), session.trace.trace_state, session.start_by)));
  co_return Result<void>{};
}

Task<Result<void>> close_session(RequestContext& context, postgres::Transaction& transaction, Uuid session_id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kClose, Params(session_id)));
  co_return Result<void>{};
}

Task<Result<std::optional<SessionRow>>> find_session(RequestContext& context, postgres::Transaction& transaction,
                                                     Uuid session_id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kFind, Params(session_id)));
  co_return session_row(rows);
}

Task<Result<std::optional<SessionRow>>> find_session_by_tag(RequestContext& context, postgres::Pool& pool,
                                                            std::string id_tag) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFindByTag, Params(id_tag)));
  co_return session_row(rows);
}

Task<Result<std::optional<SessionRow>>> find_session_by_transaction(RequestContext& context, postgres::Pool& pool,
                                                                    std::string station_id,
                                                                    std::int64_t transaction_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFindByTransaction, Params(station_id, transaction_id)));
  co_return session_row(rows);
}

}  // namespace evc::integrations::store
