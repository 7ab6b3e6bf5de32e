// Which signed updates of providers were taken already: a repeated webhook id finds the event that its first time
// became.
#pragma once

#include <optional>
#include <string>

#include "kit/postgres/pool.hpp"

namespace evc::integrations::store {

// Nothing when the id is new; it is then reserved for this transaction. Concurrent repetitions wait for each other
// here.
Task<Result<std::optional<Uuid>>> take_webhook(RequestContext& context, postgres::Transaction& transaction,
                                               std::string provider, std::string webhook_id);
Task<Result<void>> set_webhook_event(RequestContext& context, postgres::Transaction& transaction, std::string provider,
                                     std::string webhook_id, Uuid event_id);

}  // namespace evc::integrations::store
