// What one event does, inside the caller's transaction: dedup, its place in the key's sequence, the handler under a
// savepoint, and what follows from its outcome. Knows no Kafka and no loop; Inbox feeds it from the topic,
// EventDecisions from the dead letters.
#pragma once

#include <map>
#include <string>

#include "kit/messaging/held_events.hpp"
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
  // A handler that takes longer than `handler_limit` is told to stop; its event has failed for now.
  EventApplier(Worker& worker, std::string group, Outbox& outbox, const std::map<std::string, EventHandler>& handlers,
               std::chrono::milliseconds handler_limit)
      : worker_(worker),
        store_(group),
        metrics_(group),
        outbox_(outbox),
        handlers_(handlers),
        handler_limit_(handler_limit) {}

  InboxStore& store() { return store_; }
  InboxMetrics& metrics() { return metrics_; }
  // Handlers that were told to stop and have not ended yet.
  int hanging() const { return hanging_; }

  // An error means that the transaction is lost.
  Task<Result<Verdict>> apply(postgres::Transaction& transaction, const Incoming& incoming, Attempt attempt);
  // The events of a key whose gap is closed, in order, as far as they go.
  Task<Result<void>> close_gap(postgres::Transaction& transaction, std::string topic, std::string key,
                               std::int64_t last);

  // An event from the producer's outbox, which the topic did not give: to the ones of its key that wait for their turn,
  // unless it has come meanwhile. close_gap() applies it.
  Task<Result<void>> park_held(RequestContext& context, postgres::Transaction& transaction, const HeldEvent& held);
  // One that the producer's operator has discarded, when its turn has come: the key goes on behind it.
  Task<Result<void>> pass_over(RequestContext& context, postgres::Transaction& transaction, const HeldEvent& held);

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
  Task<Result<void>> call(const EventHandler& handler, RequestContext& context, postgres::Transaction& transaction,
                          const Event& event);

  Worker& worker_;
  InboxStore store_;
  InboxMetrics metrics_;
  Outbox& outbox_;
  const std::map<std::string, EventHandler>& handlers_;
  std::chrono::milliseconds handler_limit_;
  int hanging_ = 0;
};

}  // namespace evc::messaging
