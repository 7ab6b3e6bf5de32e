// Reads single events of a key back from the outbox, by sequence. The service's own role may; its relay has other ways.
#pragma once

#include "kit/messaging/held_events.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::messaging {

// As much of `asked` as one answer takes.
Task<Result<HeldEvents>> read_held(RequestContext& context, postgres::Pool& pool, MissingEvents asked);

}  // namespace evc::messaging
