// Writes a Reaction of the state machine: the payment, its ledger transfers, jobs and cases in one round trip, then its
// events through the outbox, all in the caller's transaction.
#pragma once

#include <optional>

#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"
#include "services/payment/domain/transitions.hpp"

namespace evc::payment {

struct Cause {
  std::optional<Uuid> event_id;                  // the event that led here
  std::chrono::milliseconds first_try_after{0};  // for new jobs: longer when the caller asks the provider itself
};

class Recorder {
 public:
  explicit Recorder(messaging::Outbox& outbox) : outbox_(outbox) {}
  // The payment's row must be locked by the transaction.
  Task<Result<void>> write(RequestContext& context, postgres::Transaction& transaction, const Reaction& reaction,
                           Cause cause);

 private:
  messaging::Outbox& outbox_;
};

}  // namespace evc::payment
