#include "kit/messaging/operations/dead_letter_reader.hpp"

#include "kit/messaging/header_bytes.hpp"

namespace evc::messaging {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kList{
    "operations.list_dead",
    "SELECT event_id, topic, key, subject, type, error_code, error_detail, attempts, first_failed_at, state, "
    "CASE WHEN state = 'dead' THEN (SELECT count(*) FROM inbox_parked p WHERE p.consumer = d.consumer "
    "AND p.topic = d.topic AND p.subject = d.subject AND p.reason = 'subject') ELSE 0 END "
    "FROM dead_letter d WHERE consumer = $1 AND ($2::text IS NULL OR topic = $2) AND ($3::text IS NULL OR key = $3) "
    "AND ($4::text IS NULL OR subject = $4) AND ($5::text IS NULL OR type = $5) "
    "AND ($6::text IS NULL OR error_code = $6) AND ($7::timestamptz IS NULL OR first_failed_at >= $7) "
    "AND ($8::timestamptz IS NULL OR first_failed_at < $8) AND ($9::text IS NULL OR state = $9) "
    "AND ($10::timestamptz IS NULL OR (first_failed_at, event_id) > ($10, $11)) "
    "AND ($12::uuid IS NULL OR event_id = $12) ORDER BY first_failed_at, event_id LIMIT $13"};
constexpr Statement kRecord{"operations.dead_record",
                            "SELECT partition, kafka_offset, record_time, headers, payload FROM dead_letter "
                            "WHERE consumer = $1 AND event_id = $2"};

DeadLetter letter_in(const postgres::Rows& rows, std::size_t row) {
  return {.event_id = rows.get<Uuid>(row, 0),
          .topic = rows.get<std::string>(row, 1),
          .key = rows.get<std::string>(row, 2),
          .subject = rows.get<std::string>(row, 3),
          .type = rows.get<std::string>(row, 4),
          .error_code = rows.get<std::string>(row, 5),
          .error_detail = rows.get<std::string>(row, 6),
          .attempts = rows.get<std::int64_t>(row, 7),
          .first_failed_at = rows.get<WallTime>(row, 8),
          .state = rows.get<std::string>(row, 9),
          .waiting = rows.get<std::int64_t>(row, 10)};
}

}  // namespace

Task<Result<std::vector<DeadLetter>>> list_dead(RequestContext& context, postgres::Pool& pool, std::string consumer,
                                                DeadLetterFilter filter) {
  Params params(consumer, filter.topic, filter.key, filter.subject, filter.type, filter.error_code, filter.since,
                filter.until, filter.state);
  if (filter.after)
    params.add(filter.after->first).add(filter.after->second);
  else
    params.add_null().add_null();
  params.add(filter.event_id).add(filter.limit + 1);
  EVC_CO_TRY(rows, co_await pool.exec(context, kList, std::move(params)));
  std::vector<DeadLetter> letters;
  for (std::size_t i = 0; i < rows.size(); ++i) letters.push_back(letter_in(rows, i));
  co_return letters;
}

Task<Result<std::optional<WholeDeadLetter>>> find_dead(RequestContext& context, postgres::Pool& pool,
                                                       std::string consumer, Uuid event_id) {
  EVC_CO_TRY(letters,
             co_await list_dead(context, pool, consumer, {.event_id = event_id, .state = std::nullopt, .limit = 1}));
  if (letters.empty()) co_return std::optional<WholeDeadLetter>{};
  EVC_CO_TRY(rows, co_await pool.exec(context, kRecord, Params(consumer, event_id)));
  EVC_CO_TRY(headers, decode_headers(rows.bytes(0, 3)));
  WholeDeadLetter whole{.letter = std::move(letters.front())};
  whole.record = {.topic = whole.letter.topic,
                  .key = whole.letter.key,
                  .value = rows.bytes(0, 4),
                  .headers = std::move(headers),
                  .partition = rows.get<int>(0, 0),
                  .offset = rows.get<std::int64_t>(0, 1),
                  .timestamp = rows.get<WallTime>(0, 2)};
  co_return whole;
}

}  // namespace evc::messaging
