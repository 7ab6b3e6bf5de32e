// Stores what a rule decided: the session, its timeline, a reconciliation case, and the events in the outbox, all in
// the caller's transaction. The one place through which a session changes.
#pragma once

#include <optional>

#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"
#include "services/charging/domain/session.hpp"

namespace evc::charging {

// `cause`: the event that led here, if one did.
Task<Result<void>> record(RequestContext& context, postgres::Transaction& transaction, messaging::Outbox& outbox,
                          Outcome outcome, std::optional<Uuid> cause = std::nullopt);
// Puts the events of an outcome into the outbox; for a session that record() has not stored (its first version).
Task<Result<void>> publish(RequestContext& context, postgres::Transaction& transaction, messaging::Outbox& outbox,
                           const Outcome& outcome, std::optional<Uuid> cause);

// Shows the durations that are promised before the first of them, so that their first minute counts.
void show_promises();

}  // namespace evc::charging
