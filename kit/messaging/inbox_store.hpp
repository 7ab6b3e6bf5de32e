// The tables of the consumer's side, one function per statement (or per round trip), all inside the caller's
// transaction. `consumer` is the group. Locks: receive() takes the key's row of inbox_stream, which puts instances in
// line that hold the same partition during a rebalance, and shares the subject's row of `parked`, for which a replay
// waits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kit/messaging/event.hpp"
#include "kit/messaging/inbox.hpp"
#include "kit/messaging/inbox_rules.hpp"
#include "kit/messaging/incoming.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::messaging {

enum class ParkReason { kGap, kSubject };

struct Failure {
  Error error;
  std::int64_t attempts = 1;
  WallTime first_failed_at{};
};

struct GapKey {
  std::string topic, key;
  std::chrono::milliseconds waited{0};  // the event that waits longest
};

struct InboxCounts {
  std::int64_t parked_events = 0, dead_letters = 0, parked_subjects = 0;
};

class InboxStore {
 public:
  explicit InboxStore(std::string consumer) : consumer_(std::move(consumer)) {}
  const std::string& consumer() const { return consumer_; }

  Task<Result<Standing>> receive(RequestContext& context, postgres::Transaction& transaction, const Event& event);
  Task<Result<bool>> subject_parked(RequestContext& context, postgres::Transaction& transaction, const Event& event);
  // Noted as consumed without an effect, which is not its receive(): nobody has sent it.
  Task<Result<void>> discard_unsent(RequestContext& context, postgres::Transaction& transaction, const Event& event);
  // Deferred: goes with the next statement.
  Result<void> set_status(postgres::Transaction& transaction, Uuid event_id, std::string status);
  Task<Result<void>> advance(RequestContext& context, postgres::Transaction& transaction, const Event& event,
                             std::int64_t sequence);
  Task<Result<void>> park(RequestContext& context, postgres::Transaction& transaction, const Incoming& incoming,
                          std::int64_t sequence, ParkReason reason);
  // Removes and returns the event that waits at this sequence for its turn.
  Task<Result<std::optional<kafka::Record>>> take_gap(RequestContext& context, postgres::Transaction& transaction,
                                                      std::string topic, std::string key, std::int64_t sequence);
  // Removes and returns the first event that waits behind the subject's dead letter.
  Task<Result<std::optional<kafka::Record>>> take_behind(RequestContext& context, postgres::Transaction& transaction,
                                                         std::string topic, std::string subject);
  // The dead letter itself; its subject stands still from now on.
  Task<Result<void>> bury(RequestContext& context, postgres::Transaction& transaction, const Incoming& incoming,
                          const Failure& failure);

  // Keys of which an event waits for its turn, those that wait longest first.
  Task<Result<std::vector<GapKey>>> gaps(RequestContext& context, postgres::Pool& pool);
  Task<Result<std::optional<std::int64_t>>> lock_key(RequestContext& context, postgres::Transaction& transaction,
                                                     std::string topic, std::string key);
  Task<Result<std::optional<std::int64_t>>> first_waiting(RequestContext& context, postgres::Transaction& transaction,
                                                          std::string topic, std::string key);
  Task<Result<InboxCounts>> counts(RequestContext& context, postgres::Pool& pool);

  // The open dead letter, locked together with its subject.
  Task<Result<std::optional<kafka::Record>>> exhume(RequestContext& context, postgres::Transaction& transaction,
                                                    Uuid event_id);
  Task<Result<void>> settle(RequestContext& context, postgres::Transaction& transaction, Uuid event_id,
                            std::string state);
  Task<Result<void>> release_subject(RequestContext& context, postgres::Transaction& transaction, std::string topic,
                                     std::string subject);
  // dead, replayed or discarded; absent: there never was such a dead letter.
  Task<Result<std::optional<std::string>>> dead_letter_state(RequestContext& context, postgres::Pool& pool,
                                                             Uuid event_id);

 private:
  std::string consumer_;
};

}  // namespace evc::messaging
