// What waits for an operator besides dead letters: keys of the inbox behind a gap, and keys of the outbox behind an
// event that the broker refused for good. Reads both; decides about the latter, each in one transaction with its row in
// the run log (gaps are the inbox's own).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/messaging/run_log.hpp"

namespace evc::messaging {

struct WaitingFilter {
  std::optional<std::string> topic, key;
  std::int64_t limit = 50;
};

struct WaitingGap {
  std::string topic, key;
  std::int64_t missing_from = 0, missing_to = 0;
  std::int64_t waiting = 0;
  WallTime waiting_since{};
};
// The longest wait first.
Task<Result<std::vector<WaitingGap>>> read_gaps(RequestContext& context, postgres::Pool& pool, std::string consumer,
                                                WaitingFilter filter);

struct RefusedEvent {
  std::int64_t sequence = 0;
  Uuid event_id;
  std::string reason;
  WallTime refused_at{};
  std::optional<WallTime> discarded_at;
};
struct ParkedKey {
  std::string topic, key;
  std::int64_t from_sequence = 0;
  WallTime parked_at{};
  std::optional<WallTime> release_requested_at;
  std::int64_t waiting = 0;
  std::vector<RefusedEvent> refused;  // at most 50
};
// The longest wait first.
Task<Result<std::vector<ParkedKey>>> read_parked_keys(RequestContext& context, postgres::Pool& pool,
                                                      WaitingFilter filter);

// Nothing where no such event is refused on a key that waits.
Task<Result<std::optional<Uuid>>> refused_event(RequestContext& context, postgres::Pool& pool, std::string topic,
                                                std::string key, std::int64_t sequence);
// The relay leaves it out when the key is released.
Task<Result<Decided>> discard_refused(RequestContext& context, postgres::Pool& pool, RunSubject subject,
                                      Decision decision);
// The relay sends what waits with its next heartbeat; when the broker refuses again, the key stays.
Task<Result<Decided>> release_key(RequestContext& context, postgres::Pool& pool, RunSubject subject, Decision decision);

}  // namespace evc::messaging
