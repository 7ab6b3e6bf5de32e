#include "kit/messaging/operations/waiting_store.hpp"

namespace evc::messaging {
namespace {

using postgres::Params;
using postgres::Statement;

// A key whose next event waits there is no gap: the inbox is about to take it.
constexpr Statement kGaps{
    "operations.gaps",
    "SELECT p.topic, p.key, s.sequence + 1, min(p.sequence) - 1, count(*), min(p.parked_at) "
    "FROM inbox_parked p JOIN inbox_stream s USING (consumer, topic, key) WHERE p.consumer = $1 AND p.reason = 'gap' "
    "AND ($2::text IS NULL OR p.topic = $2) AND ($3::text IS NULL OR p.key = $3) GROUP BY p.topic, p.key, s.sequence "
    "HAVING min(p.sequence) > s.sequence + 1 ORDER BY min(p.parked_at), p.topic, p.key LIMIT $4"};
constexpr Statement kParkedKeys{
    "operations.parked_keys",
    "SELECT k.topic, k.key, k.from_seq, k.parked_at, k.release_requested_at, "
    "(SELECT count(*) FROM outbox o WHERE o.topic = k.topic AND o.key = k.key AND o.seq >= k.from_seq), "
    "r.seq, r.event_id, r.reason, r.rejected_at, r.discarded_at FROM (SELECT * FROM outbox_parked "
    "WHERE ($1::text IS NULL OR topic = $1) AND ($2::text IS NULL OR key = $2) ORDER BY parked_at, topic, key LIMIT "
    "$3) k "
    "LEFT JOIN LATERAL (SELECT * FROM outbox_rejected x WHERE x.topic = k.topic AND x.key = k.key "
    "AND x.seq >= k.from_seq ORDER BY x.seq LIMIT 50) r ON true ORDER BY k.parked_at, k.topic, k.key, r.seq"};
constexpr Statement kRefused{"operations.refused_event",
                             "SELECT r.event_id FROM outbox_rejected r JOIN outbox_parked k USING (topic, key) "
                             "WHERE r.topic = $1 AND r.key = $2 AND r.seq = $3 AND r.seq >= k.from_seq"};
constexpr Statement kDiscard{
    "operations.discard_refused",
    "UPDATE outbox_rejected SET discarded_at = coalesce(discarded_at, $4) WHERE topic = $1 AND key = $2 AND seq = $3"};
constexpr Statement kRelease{
    "operations.release_key",
    "UPDATE outbox_parked SET release_requested_at = coalesce(release_requested_at, $3) WHERE topic = $1 AND key = $2"};

Task<Result<Decided>> change(RequestContext& context, postgres::Pool& pool, Statement statement, Params params,
                             RunSubject subject, Decision decision, Outcome done) {
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_TRY(changed, co_await transaction.exec(context, statement, std::move(params)));
  const Decided decided{.outcome = changed.affected() == 0 ? Outcome::kNotFound : done};
  EVC_CO_CHECK(record_run(context, transaction, subject, decision, decided));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return decided;
}

}  // namespace

Task<Result<std::vector<WaitingGap>>> read_gaps(RequestContext& context, postgres::Pool& pool, std::string consumer,
                                                WaitingFilter filter) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kGaps, Params(consumer, filter.topic, filter.key, filter.limit)));
  std::vector<WaitingGap> gaps;
  for (std::size_t i = 0; i < rows.size(); ++i)
    gaps.push_back({.topic = rows.get<std::string>(i, 0),
                    .key = rows.get<std::string>(i, 1),
                    .missing_from = rows.get<std::int64_t>(i, 2),
                    .missing_to = rows.get<std::int64_t>(i, 3),
                    .waiting = rows.get<std::int64_t>(i, 4),
                    .waiting_since = rows.get<WallTime>(i, 5)});
  co_return gaps;
}

Task<Result<std::vector<ParkedKey>>> read_parked_keys(RequestContext& context, postgres::Pool& pool,
                                                      WaitingFilter filter) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kParkedKeys, Params(filter.topic, filter.key, filter.limit)));
  std::vector<ParkedKey> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto topic = rows.get<std::string>(i, 0);
    auto key = rows.get<std::string>(i, 1);
    if (keys.empty() || keys.back().topic != topic || keys.back().key != key)
      keys.push_back({.topic = std::move(topic),
                      .key = std::move(key),
                      .from_sequence = rows.get<std::int64_t>(i, 2),
                      .parked_at = rows.get<WallTime>(i, 3),
                      .release_requested_at = rows.get<std::optional<WallTime>>(i, 4),
                      .waiting = rows.get<std::int64_t>(i, 5)});
    if (rows.is_null(i, 6)) continue;
    keys.back().refused.push_back({.sequence = rows.get<std::int64_t>(i, 6),
                                   .event_id = rows.get<Uuid>(i, 7),
                                   .reason = rows.get<std::string>(i, 8),
                                   .refused_at = rows.get<WallTime>(i, 9),
                                   .discarded_at = rows.get<std::optional<WallTime>>(i, 10)});
  }
  co_return keys;
}

Task<Result<std::optional<Uuid>>> refused_event(RequestContext& context, postgres::Pool& pool, std::string topic,
                                                std::string key, std::int64_t sequence) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kRefused, Params(topic, key, sequence)));
  if (rows.empty()) co_return std::optional<Uuid>{};
  co_return rows.get<std::optional<Uuid>>(0, 0);
}

Task<Result<Decided>> discard_refused(RequestContext& context, postgres::Pool& pool, RunSubject subject,
                                      Decision decision) {
  Params params(subject.topic, subject.key, subject.sequence, context.clock->wall());
  co_return co_await change(context, pool, kDiscard, std::move(params), std::move(subject), std::move(decision),
                            Outcome::kDiscarded);
}

Task<Result<Decided>> release_key(RequestContext& context, postgres::Pool& pool, RunSubject subject,
                                  Decision decision) {
  Params params(subject.topic, subject.key, context.clock->wall());
  co_return co_await change(context, pool, kRelease, std::move(params), std::move(subject), std::move(decision),
                            Outcome::kReleased);
}

}  // namespace evc::messaging
