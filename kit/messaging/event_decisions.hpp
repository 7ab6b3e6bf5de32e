// What an operator's decision does to a dead letter and to what waits behind it, or to a gap: each in one transaction,
// with its row in the run log. Lives beside the applier, on any worker: the database holds the locks.
#pragma once

#include <optional>

#include "kit/messaging/event_applier.hpp"
#include "kit/messaging/inbox.hpp"
#include "kit/messaging/run_log.hpp"

namespace evc::messaging {

class EventDecisions {
 public:
  explicit EventDecisions(EventApplier& applier) : applier_(applier) {}

  Task<Result<Decided>> decide(RequestContext& context, postgres::Pool& pool, Uuid event_id, Decision decision);
  Task<Result<Decided>> accept_gap(RequestContext& context, postgres::Pool& pool, Inbox::Gap gap, Decision decision);

 private:
  // What became of the events behind a subject's dead letter, as far as the first that failed for good.
  struct Released {
    std::int64_t followed = 0;
    std::optional<Incoming> dead;
    Error error;  // of the dead one
  };
  struct CarriedOut {
    Decided decided;
    Released released;
  };
  Task<Result<CarriedOut>> carry_out(RequestContext& context, postgres::Transaction& transaction,
                                     const Incoming& incoming, Action action);
  Task<Result<Released>> release(RequestContext& context, postgres::Transaction& transaction, const Event& head);
  Task<Result<Decided>> settled_before(RequestContext& context, postgres::Pool& pool, Uuid event_id);
  void tell(const RequestContext& context, const Event& event, const CarriedOut& done);

  EventApplier& applier_;
};

}  // namespace evc::messaging
