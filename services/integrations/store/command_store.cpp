#include "services/integrations/store/command_store.hpp"

#include "kit/base/assert.hpp"

namespace evc::integrations::store {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{"integrations.command.insert", R"(
  INSERT INTO command (command_id, station_id, connector_id, kind, payload, session_id, reason, requested_by, user_id, correlation_id, causation_id,
                       traceparent, tracestate, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING)"};
// The session's transaction tells whether a start worked and what a stop is about. A row that is `sent` long after its
// time lost its answer.
constexpr Statement kOpen{"integrations.command.open", R"(
  SELECT c.command_id, c.station_id, c.connector_id, c.kind, c.payload, c.session_id, c.user_id, c.correlation_id, c.causation_id, c.traceparent, c.tracestate,
         c.created_at, c.expires_at, c.attempts, c.state = 'unconfirmed', t.transaction_id, coalesce(t.ended, false),
         c.kind = 'remoteStart' AND EXISTS (SELECT 1 FROM command s WHERE s.session_id = c.session_id AND s.kind = 'remoteStop'
                  AND s.finished_at IS NULL)
    FROM command c
    LEFT JOIN LATERAL (
      SELECT t.transaction_id, s.transaction_id IS NOT NULL AS ended
        FROM ocpp_transaction t LEFT JOIN ocpp_transaction_stop s USING (station_id, transaction_id)
       WHERE t.session_id = c.session_id ORDER BY ended, t.transaction_id DESC LIMIT 1) t ON c.session_id IS NOT NULL
   WHERE c.finished_at IS NULL AND (c.state <> 'sent' OR c.run_id IS DISTINCT FROM $1 OR c.expires_at < now() - interval '5 seconds')
   ORDER BY c.created_at LIMIT $2)"};
constexpr Statement kSent{"integrations.command.sent", R"(
  UPDATE command SET state = 'sent', run_id = $2, attempts = attempts + 1
   WHERE command_id IN (SELECT value::uuid FROM jsonb_array_elements_text($1::jsonb))
     AND finished_at IS NULL AND (state <> 'sent' OR run_id IS DISTINCT FROM $2)
  RETURNING command_id)"};
constexpr Statement kPending{"integrations.command.pending",
                             "UPDATE command SET state = 'pending' WHERE command_id = $1 AND finished_at IS NULL"};
constexpr Statement kUnconfirmed{
    "integrations.command.unconfirmed",
    "UPDATE command SET state = 'unconfirmed' WHERE command_id = $1 AND finished_at IS NULL"};
constexpr Statement kFinish{"integrations.command.finish", R"(
  UPDATE command SET state = $2, detail = nullif($3, ''), finished_at = now() WHERE command_id = $1 AND finished_at IS NULL)"};
constexpr Statement kFind{"integrations.command.find", R"(
  SELECT command_id, station_id, connector_id, kind, CASE state WHEN 'unconfirmed' THEN 'sent' ELSE state END, detail, created_at, finished_at
    FROM command WHERE station_id = $1 AND command_id = $2)"};

CommandRow command_row(const postgres::Rows& rows, std::size_t row) {
  const auto kind = ocpp::command_kind(rows.text(row, 3));
  EVC_ASSERT(kind.has_value());
  return {.command_id = rows.get<Uuid>(row, 0),
          .station_id = rows.get<std::string>(row, 1),
          .connector_id = rows.get<std::int64_t>(row, 2),
          .payload = rows.get<json::Value>(row, 4).as_object(),
          .session_id = rows.get<std::optional<Uuid>>(row, 5),
          .user_id = rows.get<std::optional<std::string>>(row, 6),
          .correlation_id = rows.get<std::optional<Uuid>>(row, 7),
          .causation_id = rows.get<std::optional<Uuid>>(row, 8),
          .trace =
              telemetry::TraceContext::parse(rows.text(row, 9), rows.text(row, 10)).value_or(telemetry::TraceContext{}),
          .open = {.kind = *kind,
                   .created_at = rows.get<WallTime>(row, 11),
                   .expires_at = rows.get<WallTime>(row, 12),
                   .attempts = rows.get<std::int64_t>(row, 13),
                   .is_unconfirmed = rows.get<bool>(row, 14),
                   .stop_is_asked = rows.get<bool>(row, 17),
                   .transaction_id = rows.get<std::optional<std::int64_t>>(row, 15),
                   .transaction_ended = rows.get<bool>(row, 16)}};
}

}  // namespace

Task<Result<void>> insert_command(RequestContext& context, postgres::Transaction& transaction, CommandDraft draft) {
  EVC_CO_CHECK(co_await transaction.exec(
      context, kInsert,
      Params(draft.command_id, draft.station_id, draft.connector_id, ocpp::name_of(draft.kind),
             json::Value(draft.payload), draft.session_id, draft.reason, draft.requested_by, draft.user_id,
             draft.correlation_id, draft.causation_id, draft.trace.traceparent(), draft.trace.trace_state,
             draft.expires_at)));
  co_return Result<void>{};
}

Task<Result<std::vector<CommandRow>>> open_commands(RequestContext& context, postgres::Pool& pool, Uuid run_id,
                                                    std::int64_t limit) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOpen, Params(run_id, limit)));
  std::vector<CommandRow> commands;
  for (std::size_t row = 0; row < rows.size(); ++row) commands.push_back(command_row(rows, row));
  co_return commands;
}

Task<Result<std::set<Uuid>>> mark_sent(RequestContext& context, postgres::Pool& pool, std::vector<Uuid> command_ids,
                                       Uuid run_id) {
  json::Array ids;
  for (const auto& id : command_ids) ids.push_back(json::Value(to_string(id)));
  EVC_CO_TRY(rows, co_await pool.exec(context, kSent, Params(json::Value(std::move(ids)), run_id)));
  std::set<Uuid> sent;
  for (std::size_t row = 0; row < rows.size(); ++row) sent.insert(rows.get<Uuid>(row, 0));
  co_return sent;
}

Task<Result<void>> mark_pending(RequestContext& context, postgres::Pool& pool, Uuid command_id) {
  EVC_CO_CHECK(co_await pool.exec(context, kPending, Params(command_id)));
  co_return Result<void>{};
}

Task<Result<void>> mark_unconfirmed(RequestContext& context, postgres::Pool& pool, Uuid command_id) {
  EVC_CO_CHECK(co_await pool.exec(context, kUnconfirmed, Params(command_id)));
  co_return Result<void>{};
}

Task<Result<bool>> finish_command(RequestContext& context, postgres::Transaction& transaction, Uuid command_id,
                                  std::string state, std::string detail) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kFinish, Params(command_id, state, detail)));
  co_return rows.affected() == 1;
}

Task<Result<std::optional<CommandView>>> find_command(RequestContext& context, postgres::Pool& pool,
                                                      std::string station_id, Uuid command_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(station_id, command_id)));
  if (rows.empty()) co_return std::nullopt;
  co_return CommandView{.command_id = rows.get<Uuid>(0, 0),
                        .station_id = rows.get<std::string>(0, 1),
                        .connector_id = rows.get<std::int64_t>(0, 2),
                        .kind = rows.get<std::string>(0, 3),
                        .state = rows.get<std::string>(0, 4),
                        .detail = rows.get<std::optional<std::string>>(0, 5),
                        .created_at = rows.get<WallTime>(0, 6),
                        .finished_at = rows.get<std::optional<WallTime>>(0, 7)};
}

}  // namespace evc::integrations::store
