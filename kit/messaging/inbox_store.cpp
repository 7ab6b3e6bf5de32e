#include "kit/messaging/inbox_store.hpp"

#include "kit/messaging/header_bytes.hpp"

namespace evc::messaging {

namespace {

using postgres::Params;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kReceive{"inbox.receive",
                             "INSERT INTO inbox (consumer, event_id, topic, key, sequence, status) "
                             "VALUES ($1, $2, $3, $4, $5, 'applied') ON CONFLICT DO NOTHING"};
constexpr Statement kLast{
    "inbox.last_sequence",
    "SELECT sequence, EXISTS (SELECT 1 FROM inbox_parked p WHERE p.consumer = $1 AND p.topic = $2 AND p.key = $3 "
    "AND p.reason = 'gap') FROM inbox_stream WHERE consumer = $1 AND topic = $2 AND key = $3 FOR UPDATE"};
constexpr Statement kSubjectParked{
    "inbox.subject_parked", "SELECT 1 FROM parked WHERE consumer = $1 AND topic = $2 AND subject = $3 FOR SHARE"};
constexpr Statement kUpdateStatus{"inbox.update_status",
                                  "UPDATE inbox SET status = $3 WHERE consumer = $1 AND event_id = $2"};
constexpr Statement kDiscardUnsent{
    "inbox.discard_unsent",
    "INSERT INTO inbox (consumer, event_id, topic, key, sequence, status) VALUES ($1, $2, $3, $4, $5, 'discarded') "
    "ON CONFLICT DO NOTHING"};
constexpr Statement kAdvance{"inbox.advance",
                             "INSERT INTO inbox_stream (consumer, topic, key, sequence) VALUES ($1, $2, $3, $4) "
                             "ON CONFLICT (consumer, topic, key) DO UPDATE SET sequence = $4"};
constexpr Statement kPark{
    "inbox.park",
    "INSERT INTO inbox_parked (consumer, topic, key, sequence, event_id, subject, reason, partition, kafka_offset, "
    "record_time, headers, payload) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"};
constexpr Statement kTakeGap{
    "inbox.take_gap",
    "DELETE FROM inbox_parked WHERE consumer = $1 AND topic = $2 AND key = $3 AND sequence = $4 AND reason = 'gap' "
    "RETURNING topic, key, partition, kafka_offset, record_time, headers, payload"};
constexpr Statement kTakeBehind{
    "inbox.take_behind",
    "DELETE FROM inbox_parked WHERE (consumer, topic, key, sequence) = (SELECT consumer, topic, key, sequence "
    "FROM inbox_parked WHERE consumer = $1 AND topic = $2 AND subject = $3 AND reason = 'subject' "
    "ORDER BY sequence LIMIT 1) RETURNING topic, key, partition, kafka_offset, record_time, headers, payload"};
constexpr Statement kBuryInInbox{
    "inbox.bury",
    "INSERT INTO inbox (consumer, event_id, topic, key, sequence, status) VALUES ($1, $2, $3, $4, $5, 'dead') "
    "ON CONFLICT (consumer, event_id) DO UPDATE SET status = 'dead'"};
constexpr Statement kDeadLetter{"inbox.dead_letter",
                                "INSERT INTO dead_letter (consumer, event_id, topic, key, subject, type, partition, "
                                "kafka_offset, record_time, headers, "
                                "payload, error_code, error_detail, attempts, first_failed_at) "
                                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"};
constexpr Statement kStandStill{"inbox.park_subject",
                                "INSERT INTO parked (consumer, topic, subject, event_id) VALUES ($1, $2, $3, $4) "
                                "ON CONFLICT (consumer, topic, subject) DO UPDATE SET event_id = $4"};
constexpr Statement kGaps{
    "inbox.gaps",
    "SELECT topic, key, (1000 * extract(epoch FROM now() - min(parked_at)))::bigint AS waited_ms FROM inbox_parked "
    "WHERE consumer = $1 AND reason = 'gap' GROUP BY topic, key ORDER BY waited_ms DESC LIMIT 100"};
constexpr Statement kFirstWaiting{
    "inbox.first_waiting",
    "SELECT min(sequence) FROM inbox_parked WHERE consumer = $1 AND topic = $2 AND key = $3 AND reason = 'gap'"};
constexpr Statement kCounts{"inbox.counts",
                            "SELECT (SELECT count(*) FROM inbox_parked WHERE consumer = $1), "
                            "(SELECT count(*) FROM dead_letter WHERE consumer = $1 AND state = 'dead'), "
                            "(SELECT count(*) FROM parked WHERE consumer = $1)"};
constexpr Statement kExhume{
    "inbox.exhume",
    "SELECT d.topic, d.key, d.partition, d.kafka_offset, d.record_time, d.headers, d.payload FROM dead_letter d "
    "WHERE d.consumer = $1 AND d.event_id = $2 AND d.state = 'dead' FOR UPDATE"};
constexpr Statement kLockSubject{"inbox.lock_subject",
                                 "SELECT 1 FROM parked p JOIN dead_letter d USING (consumer, topic, subject) "
                                 "WHERE d.consumer = $1 AND d.event_id = $2 AND d.state = 'dead' FOR UPDATE OF p"};
constexpr Statement kSettle{"inbox.settle", "UPDATE dead_letter SET state = $3 WHERE consumer = $1 AND event_id = $2"};
constexpr Statement kReleaseSubject{"inbox.release_subject",
                                    "DELETE FROM parked WHERE consumer = $1 AND topic = $2 AND subject = $3"};
constexpr Statement kDeadLetterState{"inbox.dead_letter_state",
                                     "SELECT state FROM dead_letter WHERE consumer = $1 AND event_id = $2"};

Task<Result<void>> run(RequestContext& context, Transaction& transaction, Statement statement, Params params) {
  auto rows = co_await transaction.exec(context, statement, std::move(params));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

Result<std::optional<kafka::Record>> one_record(const postgres::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  EVC_TRY(headers, decode_headers(rows.bytes(0, 5)));
  return kafka::Record{.topic = rows.get<std::string>(0, 0),
                       .key = rows.get<std::string>(0, 1),
                       .value = rows.bytes(0, 6),
                       .headers = std::move(headers),
                       .partition = rows.get<int>(0, 2),
                       .offset = rows.get<std::int64_t>(0, 3),
                       .timestamp = rows.get<WallTime>(0, 4)};
}

Task<Result<std::optional<kafka::Record>>> fetch_record(RequestContext& context, Transaction& transaction,
                                                        Statement statement, Params params) {
  auto rows = co_await transaction.exec(context, statement, std::move(params));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return one_record(*rows);
}

void add_record(Params& params, const kafka::Record& record) {
  params.add(static_cast<std::int64_t>(record.partition)).add(record.offset).add(record.timestamp);
  params.add_bytes(encode_headers(record.headers)).add_bytes(record.value);
}

}  // namespace

Task<Result<Standing>> InboxStore::receive(RequestContext& context, Transaction& transaction, const Event& event) {
  std::vector<std::pair<Statement, Params>> batch;
  batch.emplace_back(kReceive, Params(consumer_, event.event_id, event.topic, event.key, event.sequence));
  batch.emplace_back(kLast, Params(consumer_, event.topic, event.key));
  batch.emplace_back(kSubjectParked, Params(consumer_, event.topic, event.subject));
  auto rows = co_await transaction.exec_all(context, std::move(batch));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Standing standing{.fresh = (*rows)[0].affected() == 1, .subject_parked = !(*rows)[2].empty()};
  if (!(*rows)[1].empty()) {
    standing.last = (*rows)[1].get<std::int64_t>(0, 0);
    standing.gap_waits = (*rows)[1].get<bool>(0, 1);
  }
  co_return standing;
}

Task<Result<bool>> InboxStore::subject_parked(RequestContext& context, Transaction& transaction, const Event& event) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kSubjectParked, Params(consumer_, event.topic, event.subject)));
  co_return !rows.empty();
}

Task<Result<void>> InboxStore::discard_unsent(RequestContext& context, Transaction& transaction, const Event& event) {
  std::vector<std::pair<Statement, Params>> batch;
  batch.emplace_back(kDiscardUnsent, Params(consumer_, event.event_id, event.topic, event.key, event.sequence));
  batch.emplace_back(kAdvance, Params(consumer_, event.topic, event.key, event.sequence));
  auto rows = co_await transaction.exec_all(context, std::move(batch));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

Result<void> InboxStore::set_status(Transaction& transaction, Uuid event_id, std::string status) {
  return transaction.defer(kUpdateStatus, Params(consumer_, event_id, status));
}

Task<Result<void>> InboxStore::advance(RequestContext& context, Transaction& transaction, const Event& event,
                                       std::int64_t sequence) {
  return run(context, transaction, kAdvance, Params(consumer_, event.topic, event.key, sequence));
}

Task<Result<void>> InboxStore::park(RequestContext& context, Transaction& transaction, const Incoming& incoming,
                                    std::int64_t sequence, ParkReason reason) {
  const auto& event = incoming.event;
  std::vector<std::pair<Statement, Params>> batch;
  Params params(consumer_, event.topic, event.key, sequence, event.event_id, event.subject,
                reason == ParkReason::kGap ? "gap" : "subject");
  add_record(params, incoming.record);
  batch.emplace_back(kPark, std::move(params));
  batch.emplace_back(kUpdateStatus, Params(consumer_, event.event_id, "parked"));
  auto rows = co_await transaction.exec_all(context, std::move(batch));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

Task<Result<std::optional<kafka::Record>>> InboxStore::take_gap(RequestContext& context, Transaction& transaction,
                                                                std::string topic, std::string key,
                                                                std::int64_t sequence) {
  return fetch_record(context, transaction, kTakeGap, Params(consumer_, topic, key, sequence));
}

Task<Result<std::optional<kafka::Record>>> InboxStore::take_behind(RequestContext& context, Transaction& transaction,
                                                                   std::string topic, std::string subject) {
  return fetch_record(context, transaction, kTakeBehind, Params(consumer_, topic, subject));
}

Task<Result<void>> InboxStore::bury(RequestContext& context, Transaction& transaction, const Incoming& incoming,
                                    const Failure& failure) {
  const auto& event = incoming.event;
  std::vector<std::pair<Statement, Params>> batch;
  batch.emplace_back(kBuryInInbox, Params(consumer_, event.event_id, event.topic, event.key, event.sequence));
  Params params(consumer_, event.event_id, event.topic, event.key, event.subject, event.event_type);
  add_record(params, incoming.record);
  params.add(info(failure.error.code).name)
      .add(failure.error.detail)
      .add(failure.attempts)
      .add(failure.first_failed_at);
  batch.emplace_back(kDeadLetter, std::move(params));
  batch.emplace_back(kStandStill, Params(consumer_, event.topic, event.subject, event.event_id));
  auto rows = co_await transaction.exec_all(context, std::move(batch));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

Task<Result<std::vector<GapKey>>> InboxStore::gaps(RequestContext& context, postgres::Pool& pool) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kGaps, Params(consumer_)));
  std::vector<GapKey> found;
  for (std::size_t i = 0; i < rows.size(); ++i)
    found.push_back({rows.get<std::string>(i, 0), rows.get<std::string>(i, 1),
                     std::chrono::milliseconds(rows.get<std::int64_t>(i, 2))});
  co_return found;
}

Task<Result<std::optional<std::int64_t>>> InboxStore::lock_key(RequestContext& context, Transaction& transaction,
                                                               std::string topic, std::string key) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLast, Params(consumer_, topic, key)));
  if (rows.empty()) co_return std::optional<std::int64_t>{};
  co_return rows.get<std::optional<std::int64_t>>(0, 0);
}

Task<Result<std::optional<std::int64_t>>> InboxStore::first_waiting(RequestContext& context, Transaction& transaction,
                                                                    std::string topic, std::string key) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kFirstWaiting, Params(consumer_, topic, key)));
  co_return rows.get<std::optional<std::int64_t>>(0, 0);
}

Task<Result<InboxCounts>> InboxStore::counts(RequestContext& context, postgres::Pool& pool) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kCounts, Params(consumer_)));
  co_return InboxCounts{rows.get<std::int64_t>(0, 0), rows.get<std::int64_t>(0, 1), rows.get<std::int64_t>(0, 2)};
}

Task<Result<std::optional<kafka::Record>>> InboxStore::exhume(RequestContext& context, Transaction& transaction,
                                                              Uuid event_id) {
  // The subject first: live events of it either came before and are parked, or wait until this transaction ends.
  EVC_CO_CHECK(co_await run(context, transaction, kLockSubject, Params(consumer_, event_id)));
  auto record = co_await fetch_record(context, transaction, kExhume, Params(consumer_, event_id));
  co_return record;
}

Task<Result<void>> InboxStore::settle(RequestContext& context, Transaction& transaction, Uuid event_id,
                                      std::string state) {
  return run(context, transaction, kSettle, Params(consumer_, event_id, state));
}

Task<Result<void>> InboxStore::release_subject(RequestContext& context, Transaction& transaction, std::string topic,
                                               std::string subject) {
  return run(context, transaction, kReleaseSubject, Params(consumer_, topic, subject));
}

Task<Result<std::optional<std::string>>> InboxStore::dead_letter_state(RequestContext& context, postgres::Pool& pool,
                                                                       Uuid event_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kDeadLetterState, Params(consumer_, event_id)));
  if (rows.empty()) co_return std::optional<std::string>{};
  co_return rows.get<std::optional<std::string>>(0, 0);
}

}  // namespace evc::messaging
