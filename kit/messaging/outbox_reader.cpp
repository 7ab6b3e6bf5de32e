#include "kit/messaging/outbox_reader.hpp"

#include "kit/messaging/header_bytes.hpp"

namespace evc::messaging {
namespace {

// `last`: the last sequence of the range that is there at all, sent in this answer or not.
constexpr postgres::Statement kHeld{
    "outbox.held",
    "SELECT seq, event_id, discarded, headers, payload, created_at, last FROM ("
    "SELECT o.seq, o.event_id, o.headers, o.payload, o.created_at, max(o.seq) OVER () AS last, "
    "sum(octet_length(o.headers) + octet_length(o.payload)) OVER (ORDER BY o.seq) - octet_length(o.headers) - "
    "octet_length(o.payload) AS bytes_before, EXISTS (SELECT 1 FROM outbox_rejected r WHERE r.topic = o.topic AND "
    "r.key = o.key AND r.seq = o.seq AND r.discarded_at IS NOT NULL) AS discarded "
    "FROM outbox o WHERE o.topic = $1 AND o.key = $2 AND o.seq BETWEEN $3 AND $4) AS held "
    "WHERE bytes_before < $5 ORDER BY seq LIMIT $6"};

}  // namespace

Task<Result<HeldEvents>> read_held(RequestContext& context, postgres::Pool& pool, MissingEvents asked) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kHeld,
                                      postgres::Params(asked.topic, asked.key, asked.from, asked.to, kHeldBytesLimit,
                                                       kHeldEventsLimit)));
  HeldEvents held{.until = asked.to};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EVC_CO_TRY(headers, decode_headers(rows.bytes(i, 3)));
    held.events.push_back({.sequence = rows.get<std::int64_t>(i, 0),
                           .event_id = rows.get<Uuid>(i, 1),
                           .discarded = rows.get<bool>(i, 2),
                           .record = {.topic = asked.topic,
                                      .key = asked.key,
                                      .value = rows.bytes(i, 4),
                                      .headers = std::move(headers),
                                      .timestamp = rows.get<WallTime>(i, 5)}});
  }
  if (!held.events.empty() && held.events.back().sequence < rows.get<std::int64_t>(0, 6))
    held.until = held.events.back().sequence;
  co_return held;
}

}  // namespace evc::messaging
