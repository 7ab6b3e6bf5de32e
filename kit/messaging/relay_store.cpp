#include "kit/messaging/relay_store.hpp"

#include <charconv>

#include "kit/base/crash_point.hpp"
#include "kit/messaging/header_bytes.hpp"

namespace evc::messaging {

namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kKnow{"relay.know_slot", "INSERT INTO relay_state (slot) VALUES ($1) ON CONFLICT DO NOTHING"};
constexpr Statement kStatus{
    "relay.slot_status",
    "SELECT coalesce(s.wal_status, 'lost') = 'lost', coalesce(s.wal_status = 'lost', r.safe_created_at > '-infinity'), "
    "coalesce(s.active, false), r.reemit_from IS NOT NULL, r.reemit_mark, coalesce(r.cluster_id, ''), "
    "coalesce((pg_current_wal_lsn() - s.restart_lsn)::bigint, 0), s.safe_wal_size "
    "FROM relay_state r LEFT JOIN pg_replication_slots s ON s.slot_name = r.slot WHERE r.slot = $1"};
constexpr Statement kBeginReemission{
    "relay.begin_reemission",
    "UPDATE relay_state SET reemit_from = least(reemit_from, safe_created_at), reemit_mark = reemit_mark + 1 "
    "WHERE slot = $1"};
constexpr Statement kKnowCluster{
    "relay.know_cluster",
    "UPDATE relay_state SET cluster_id = $2 WHERE slot = $1 AND cluster_id IS NULL RETURNING cluster_id"};
constexpr Statement kBeginRebuild{
    "relay.begin_rebuild",
    "UPDATE relay_state SET cluster_id = $3, reemit_from = '-infinity', reemit_mark = reemit_mark + 1 "
    "WHERE slot = $1 AND cluster_id = $2 RETURNING reemit_mark"};
constexpr Statement kDropSlot{
    "relay.drop_slot",
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active"};
constexpr Statement kReemissionPage{
    "relay.reemission_page",
    "SELECT o.pos, o.event_id, o.topic, o.key, o.seq, o.headers, o.payload, o.created_at FROM outbox o "
    "WHERE o.created_at >= (SELECT reemit_from FROM relay_state WHERE slot = $1) AND o.pos > $2 AND NOT EXISTS (SELECT "
    "1 FROM outbox_rejected r WHERE r.topic = o.topic AND r.key = o.key AND r.seq = o.seq AND r.discarded_at IS NOT "
    "NULL) ORDER BY o.pos LIMIT $3"};
constexpr Statement kOneView{"relay.reemission_view", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"};
constexpr Statement kEndReemission{
    "relay.end_reemission",
    "UPDATE relay_state SET reemit_from = NULL WHERE slot = $1 AND reemit_mark = $2 RETURNING reemit_mark"};
constexpr Statement kHeartbeat{"relay.heartbeat",
                               "UPDATE relay_state r SET heartbeat_at = now() FROM pg_replication_slots s WHERE r.slot "
                               "= $1 AND s.slot_name = r.slot "
                               "RETURNING now(), (pg_current_wal_insert_lsn() - '0/0')::bigint, "
                               "(pg_current_wal_lsn() - s.restart_lsn)::bigint, s.safe_wal_size"};
constexpr Statement kSafePoint{
    "relay.store_safe_point",
    "UPDATE relay_state SET safe_created_at = greatest(safe_created_at, $2::timestamptz) WHERE slot = $1"};
constexpr Statement kMaintain{"relay.maintain", "SELECT outbox_maintain($1, make_interval(hours => $2::int), 7)"};
constexpr Statement kParked{"relay.parked_keys", "SELECT topic, key, from_seq FROM outbox_parked"};
constexpr Statement kReject{"relay.reject",
                            "INSERT INTO outbox_rejected (topic, key, seq, event_id, reason) VALUES ($1, $2, $3, $4, "
                            "$5) ON CONFLICT DO NOTHING"};
constexpr Statement kPark{
    "relay.park", "INSERT INTO outbox_parked (topic, key, from_seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
constexpr Statement kReleased{"relay.released_keys",
                              "SELECT topic, key, from_seq FROM outbox_parked WHERE release_requested_at IS NOT NULL"};
constexpr Statement kKeyPage{
    "relay.key_page",
    "SELECT o.pos, o.event_id, o.topic, o.key, o.seq, o.headers, o.payload, o.created_at FROM outbox o "
    "WHERE o.topic = $1 AND o.key = $2 AND o.seq >= $3 AND NOT EXISTS (SELECT 1 FROM outbox_rejected r "
    "WHERE r.topic = o.topic AND r.key = o.key AND r.seq = o.seq AND r.discarded_at IS NOT NULL) ORDER BY o.seq LIMIT "
    "$4"};
constexpr Statement kUnpark{"relay.unpark", "DELETE FROM outbox_parked WHERE topic = $1 AND key = $2"};
constexpr Statement kRefuseRelease{
    "relay.refuse_release", "UPDATE outbox_parked SET release_requested_at = NULL WHERE topic = $1 AND key = $2"};

std::optional<std::int64_t> number(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

Result<std::vector<OutboxRow>> rows_of(const postgres::Rows& rows) {
  std::vector<OutboxRow> found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EVC_TRY(headers, decode_headers(rows.bytes(i, 5)));
    found.push_back({.pos = rows.get<std::int64_t>(i, 0),
                     .event_id = rows.get<Uuid>(i, 1),
                     .sequence = rows.get<std::int64_t>(i, 4),
                     .record = {.topic = rows.get<std::string>(i, 2),
                                .key = rows.get<std::string>(i, 3),
                                .value = rows.bytes(i, 6),
                                .headers = std::move(headers),
                                .timestamp = rows.get<WallTime>(i, 7)}});
  }
  return found;
}

std::unexpected<Error> entered_by_another() {
  return fail(Code::kConflict, "another relay has met the brokers meanwhile");
}

Task<Result<postgres::Rows>> run(postgres::Pool& pool, Statement statement, Params params) {
  auto context = background_context(std::chrono::seconds(10));
  auto rows = co_await pool.exec(context, statement, std::move(params));
  co_return rows;
}

Task<Result<void>> run_only(postgres::Pool& pool, Statement statement, Params params) {
  auto rows = co_await run(pool, statement, std::move(params));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

}  // namespace

Result<OutboxRow> outbox_row(const postgres::InsertedRow& row) {
  const auto& columns = row.columns;
  const auto broken = [] { return fail(Code::kProtocolError, "a row of the outbox has an unknown form"); };
  if (columns.size() != 9) return broken();
  for (const auto& column : columns)
    if (!column) return broken();
  const auto pos = number(columns[0]);
  const auto event_id = parse_uuid(*columns[1]);
  const auto sequence = number(columns[4]);
  const auto header_bytes = postgres::decode_bytea(*columns[6]);
  auto payload = postgres::decode_bytea(*columns[7]);
  const auto created_at = postgres::parse_timestamp(*columns[8]);
  if (!pos || !event_id || !sequence || !header_bytes || !payload || !created_at) return broken();
  EVC_TRY(headers, decode_headers(*header_bytes));
  return OutboxRow{.pos = *pos,
                   .event_id = *event_id,
                   .sequence = *sequence,
                   .record = {.topic = *columns[2],
                              .key = *columns[3],
                              .value = std::move(*payload),
                              .headers = std::move(headers),
                              .timestamp = *created_at}};
}

Task<Result<SlotStatus>> RelayStore::slot_status() {
  EVC_CO_CHECK(co_await run_only(*pool_, kKnow, Params(slot_)));
  EVC_CO_TRY(rows, co_await run(*pool_, kStatus, Params(slot_)));
  co_return SlotStatus{.missing = rows.get<bool>(0, 0),
                       .lost = rows.get<bool>(0, 1),
                       .active = rows.get<bool>(0, 2),
                       .reemission_due = rows.get<bool>(0, 3),
                       .mark = rows.get<std::int64_t>(0, 4),
                       .cluster = rows.get<std::string>(0, 5),
                       .retained_bytes = rows.get<std::int64_t>(0, 6),
                       .safe_bytes = rows.get<std::optional<std::int64_t>>(0, 7)};
}

Task<Result<void>> RelayStore::begin_reemission() {
  EVC_CO_CHECK(co_await run_only(*pool_, kBeginReemission, Params(slot_)));
  auto dropped = co_await run_only(*pool_, kDropSlot, Params(slot_));
  co_return dropped;
}

Task<Result<void>> RelayStore::know_cluster(std::string cluster) {
  EVC_CO_TRY(rows, co_await run(*pool_, kKnowCluster, Params(slot_, std::move(cluster))));
  if (rows.empty()) co_return entered_by_another();
  co_return Result<void>{};
}

Task<Result<std::int64_t>> RelayStore::begin_rebuild(std::string known, std::string cluster) {
  EVC_CO_TRY(rows, co_await run(*pool_, kBeginRebuild, Params(slot_, std::move(known), std::move(cluster))));
  if (rows.empty()) co_return entered_by_another();
  co_return rows.get<std::int64_t>(0, 0);
}

Task<Result<postgres::Transaction>> RelayStore::reemission_view() {
  auto context = background_context(std::chrono::seconds(10));
  EVC_CO_TRY(view, co_await pool_->begin(context));
  EVC_CO_CHECK(co_await view.exec(context, kOneView));
  co_return std::move(view);
}

Task<Result<std::vector<OutboxRow>>> RelayStore::reemission_page(postgres::Transaction& view, std::int64_t after_pos,
                                                                 std::int64_t limit) {
  auto context = background_context(std::chrono::seconds(10));
  EVC_CO_TRY(rows, co_await view.exec(context, kReemissionPage, Params(slot_, after_pos, limit)));
  co_return rows_of(rows);
}

Task<Result<void>> RelayStore::end_reemission(std::int64_t mark) {
  EVC_CO_TRY(rows, co_await run(*pool_, kEndReemission, Params(slot_, mark)));
  if (rows.empty()) co_return fail(Code::kConflict, "rows became due again while others were sent again");
  co_return Result<void>{};
}

Task<Result<Heartbeat>> RelayStore::heartbeat() {
  EVC_CO_TRY(rows, co_await run(*pool_, kHeartbeat, Params(slot_)));
  if (rows.empty()) co_return fail(Code::kConflict, "the replication slot is gone");
  co_return Heartbeat{.at = rows.get<WallTime>(0, 0),
                      .wal = static_cast<postgres::Lsn>(rows.get<std::int64_t>(0, 1)),
                      .retained_bytes = rows.get<std::optional<std::int64_t>>(0, 2).value_or(0),
                      .safe_bytes = rows.get<std::optional<std::int64_t>>(0, 3)};
}

Task<Result<void>> RelayStore::store_safe_point(WallTime everything_before_is_delivered) {
  return run_only(*pool_, kSafePoint, Params(slot_, everything_before_is_delivered));
}

Task<Result<int>> RelayStore::maintain(std::chrono::hours retention) {
  EVC_CO_TRY(rows, co_await run(*pool_, kMaintain, Params(slot_, static_cast<std::int64_t>(retention.count()))));
  co_return rows.get<int>(0, 0);
}

Task<Result<ParkedKeys>> RelayStore::parked_keys() {
  EVC_CO_TRY(rows, co_await run(*pool_, kParked, Params()));
  ParkedKeys keys;
  for (std::size_t i = 0; i < rows.size(); ++i)
    keys.emplace(StreamKey{rows.get<std::string>(i, 0), rows.get<std::string>(i, 1)}, rows.get<std::int64_t>(i, 2));
  co_return keys;
}

Task<Result<void>> RelayStore::reject(SentRow row, std::string reason) {
  const auto& [topic, key] = row.key;
  // Parked first: a crash in between leaves a key that waits without a reason, never one that goes on over a hole.
  EVC_CO_CHECK(EVC_STEP("relay.reject.park", co_await run_only(*pool_, kPark, Params(topic, key, row.sequence))));
  auto rejected = EVC_STEP("relay.reject.record",
                           co_await run_only(*pool_, kReject, Params(topic, key, row.sequence, row.event_id, reason)));
  co_return rejected;
}

Task<Result<std::vector<ReleasedKey>>> RelayStore::released_keys() {
  EVC_CO_TRY(rows, co_await run(*pool_, kReleased, Params()));
  std::vector<ReleasedKey> keys;
  for (std::size_t i = 0; i < rows.size(); ++i)
    keys.push_back({{rows.get<std::string>(i, 0), rows.get<std::string>(i, 1)}, rows.get<std::int64_t>(i, 2)});
  co_return keys;
}

Task<Result<std::vector<OutboxRow>>> RelayStore::key_page(StreamKey key, std::int64_t from_sequence,
                                                          std::int64_t limit) {
  EVC_CO_TRY(rows, co_await run(*pool_, kKeyPage, Params(key.first, key.second, from_sequence, limit)));
  co_return rows_of(rows);
}

Task<Result<void>> RelayStore::unpark(StreamKey key) {
  return run_only(*pool_, kUnpark, Params(key.first, key.second));
}

Task<Result<void>> RelayStore::refuse_release(StreamKey key) {
  return run_only(*pool_, kRefuseRelease, Params(key.first, key.second));
}

}  // namespace evc::messaging
