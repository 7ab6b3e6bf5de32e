#include "kit/messaging/run_log.hpp"

#include "kit/base/json.hpp"

namespace evc::messaging {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kRecord{
    "event_run.record",
    "INSERT INTO event_run (id, at, action, consumer, event_id, topic, key, sequence, by_whom, requested_by, reason, "
    "result, error_code, trace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"};
constexpr Statement kList{
    "event_run.list",
    "SELECT id, at, action, consumer, event_id, topic, key, sequence, by_whom, requested_by, reason, result, "
    "error_code, trace_id FROM event_run "
    "WHERE ($1::uuid IS NULL OR event_id = $1) AND ($2::text IS NULL OR key = $2) AND ($3::text IS NULL OR action = "
    "$3) AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5) "
    "AND ($6::timestamptz IS NULL OR (at, id) < ($6, $7)) ORDER BY at DESC, id DESC LIMIT $8"};
constexpr Statement kRecent{"event_run.recent", "SELECT count(*), min(at) FROM event_run WHERE at > $1"};

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Params row_of(const RequestContext& context, const RunSubject& subject, const Decision& decision,
              const Decided& decided) {
  return Params(uuid_v7(*context.clock), context.clock->wall(), text_of(decision.action), subject.consumer,
                subject.event_id, subject.topic, subject.key, subject.sequence, who_asks(context),
                decision.requested_by, unless_empty(decision.reason), text_of(decided.outcome),
                unless_empty(decided.error_code), context.trace.trace_id_hex());
}

Action action_of(const std::string& text) {
  // The table takes no other words than these.
  return json::decode<Action>(json::Value(text)).value_or(Action::kReplay);
}

}  // namespace

const std::string& who_asks(const RequestContext& context) {
  return context.principal.puid.empty() ? context.principal.client_id : context.principal.puid;
}

Result<void> record_run(const RequestContext& context, postgres::Transaction& transaction, const RunSubject& subject,
                        const Decision& decision, const Decided& decided) {
  return transaction.defer(kRecord, row_of(context, subject, decision, decided));
}

Task<Result<void>> record_run(RequestContext& context, postgres::Pool& pool, RunSubject subject, Decision decision,
                              Decided decided) {
  auto recorded = co_await pool.exec(context, kRecord, row_of(context, subject, decision, decided));
  if (!recorded) co_return std::unexpected(std::move(recorded).error());
  co_return Result<void>{};
}

Task<Result<std::vector<Run>>> list_runs(RequestContext& context, postgres::Pool& pool, RunFilter filter) {
  Params params(filter.event_id, filter.key, filter.action, filter.since, filter.until);
  if (filter.before)
    params.add(filter.before->first).add(filter.before->second);
  else
    params.add_null().add_null();
  params.add(filter.limit + 1);
  EVC_CO_TRY(rows, co_await pool.exec(context, kList, std::move(params)));
  std::vector<Run> runs;
  for (std::size_t i = 0; i < rows.size(); ++i)
    runs.push_back({.id = rows.get<Uuid>(i, 0),
                    .at = rows.get<WallTime>(i, 1),
                    .action = action_of(rows.get<std::string>(i, 2)),
                    .subject = {.consumer = rows.get<std::optional<std::string>>(i, 3),
                                .event_id = rows.get<std::optional<Uuid>>(i, 4),
                                .topic = rows.get<std::optional<std::string>>(i, 5),
                                .key = rows.get<std::optional<std::string>>(i, 6),
                                .sequence = rows.get<std::optional<std::int64_t>>(i, 7)},
                    .by = rows.get<std::string>(i, 8),
                    .requested_by = rows.get<std::optional<std::string>>(i, 9),
                    .reason = rows.get<std::optional<std::string>>(i, 10),
                    .result = rows.get<std::string>(i, 11),
                    .error_code = rows.get<std::optional<std::string>>(i, 12),
                    .trace_id = rows.get<std::string>(i, 13)});
  co_return runs;
}

Task<Result<std::optional<std::chrono::milliseconds>>> wait_for_runs(RequestContext& context, postgres::Pool& pool,
                                                                     std::int64_t wanted) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(rows, co_await pool.exec(context, kRecent, Params(now - RunLimit::kWindow)));
  co_return RunLimit::wait(rows.get<std::int64_t>(0, 0), rows.get<std::optional<WallTime>>(0, 1), wanted, now);
}

}  // namespace evc::messaging
