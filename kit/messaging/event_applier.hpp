// What one event does, inside the caller's transaction: dedup, its place in the key's sequence, the handler under a
// savepoint, and what follows from its outcome. Knows no Kafka and no loop; Inbox feeds it from the topic,
// EventDecisions from the dead letters.
#pragma once

#include <map>
#include <string>

#include "kit/messaging/inbox.hpp"
#include "kit/messaging/inbox_metrics.hpp"
#include "kit/messaging/inbox_store.hpp"

namespace evc::messaging {

// kDone: nothing more to do for it, whatever became of it. kRetry: it had no effect, and is to be tried again before
// any later event of its key.
struct Verdict {
  enum class Fate { kDone, kRetry } fate = Fate::kDone;
  Error error;  // of kRetry
};

class EventApplier {
 public:
  EventApplier(std::string group, Outbox& outbox, const std::map<std::string, EventHandler>& handlers)
      : store_(group), metrics_(group), outbox_(outbox), handlers_(handlers) {}

  InboxStore& store() { return store_; }
  InboxMetrics& metrics() { return metrics_; }

  // An error means that the transaction is lost.
  Task<Result<Verdict>> apply(postgres::Transaction& transaction, const Incoming& incoming, Attempt attempt);
  // The events of a key whose gap is closed, in order, as far as they go.
  Task<Result<void>> close_gap(postgres::Transaction& transaction, std::string topic, std::string key,
                               std::int64_t last);

  // The handler alone, under a savepoint, for an event that stood still: after an error nothing of it holds, and the
  // transaction goes on. Types without a handler have no effect.
  Task<Result<void>> try_again(RequestContext& context, postgres::Transaction& transaction, const Incoming& incoming);
  // The dead letter and its record in the outbox; its subject stands still from now on.
  Task<Result<void>> bury(RequestContext& context, postgres::Transaction& transaction, const Incoming& incoming,
                          Failure failure);
  // Log and metric of a burial.
  void tell_dead(const RequestContext& context, const Event& event, const Error& error);

 private:
  Task<Result<Verdict>> in_turn(RequestContext& context, postgres::Transaction& transaction, const Incoming& incoming,
                                Attempt attempt, std::int64_t sequence, Origin origin);
  Task<Result<void>> handle(RequestContext& context, postgres::Transaction& transaction, const Incoming& incoming);

  InboxStore store_;
  InboxMetrics metrics_;
  Outbox& outbox_;
  const std::map<std::string, EventHandler>& handlers_;
};

}  // namespace evc::messaging
