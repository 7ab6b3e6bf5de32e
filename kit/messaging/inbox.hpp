// The consumer's side: each event takes effect once and in order per key. One database transaction for the events of a
// key in a batch, several keys at the same time, a savepoint per event; the inbox row, the effect and its own outbox
// rows commit together, then the offset. Transient failure: retry in place, that key only. Deterministic failure
// (schema-invalid, validation-failed, constraint-violation …): dead letter through the outbox, later events of the
// subject parked behind it. Unknown failure: 3 tries, then dead letter. Lives on one worker. Only run() makes it a
// member of the group: on other workers it serves the operators' calls alone.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/kafka/consumer.hpp"
#include "kit/messaging/decision.hpp"
#include "kit/messaging/event.hpp"
#include "kit/messaging/held_events.hpp"
#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::messaging {

// Applies one event inside the transaction. The context's trace is the `process <topic>` CONSUMER span. Errors that are
// retryable by contracts/errors.yaml count as transient.
using EventHandler = std::function<Task<Result<void>>(RequestContext&, postgres::Transaction&, const Event&)>;

struct InboxOptions {
  kafka::ConsumerOptions consumer;
  std::size_t batch = 64;    // records of one reading, and events of one key in one transaction
  std::size_t parallel = 4;  // keys at the same time: connections of the pool
  // Events of one topic that wait for a free lane, before it is read no further. The other topics are.
  std::size_t waiting_per_topic = 512;
  // A key that waits longer for a missing sequence raises the alarm, and `ask` is asked for it; absent: as
  // contracts/topics.yaml says for its topic.
  std::optional<std::chrono::milliseconds> gap_timeout;
  AskProducer ask;
  std::chrono::milliseconds handler_limit{4'000};  // then it is told to stop, and its event has failed for now
  std::chrono::milliseconds retry_first{100};      // then twice as long each time, with full jitter
  std::chrono::milliseconds retry_cap{10'000};
  std::size_t open_per_partition = 2'000;  // records of a partition that are not done yet, before it is paused
};

class Inbox {
 public:
  // Types without a handler are recorded as discarded: they concern others.
  Inbox(Worker& worker, postgres::Pool& pool, Outbox& outbox, InboxOptions options,
        std::map<std::string, EventHandler> handlers);
  ~Inbox();
  // Until cancelled. Spawn it in the worker's task group.
  Task<> run();
  // What an operator decides about a dead letter of this group, in one transaction with its row in the run log. A
  // replay goes through the same path as live traffic and keeps the order of the subject; a dry run does the same and
  // is rolled back. An error: nothing is known and nothing recorded.
  Task<Result<Decided>> decide(RequestContext& context, Uuid event_id, Decision decision);
  // The missing sequences of a key will never come: it goes on with the first one that waits. conflict when the gap is
  // not the one that was meant, any more.
  struct Gap {
    std::string topic, key;
    std::int64_t missing_from = 0, missing_to = 0;
  };
  Task<Result<Decided>> accept_gap(RequestContext& context, Gap gap, Decision decision);
  // A member of the group that can reach the broker and the database.
  Result<void> health() const;
  // Healthy, and less than one batch behind the ends of its partitions, as of the last seconds.
  bool caught_up() const;
  // Ends run(): the batch at hand is finished, offsets are committed, the partitions are given back.
  Task<> close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::messaging
