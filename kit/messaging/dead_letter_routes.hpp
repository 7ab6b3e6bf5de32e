// The operator's view of a consuming service's dead letters: GET /operations/<service>/dead-letters and POST …/replay.
// Replay goes through the inbox; an event of payment.events is replayed only after a second person asks for the same;
// who asked, why, and the result are recorded.
#pragma once

#include <string>

#include "kit/http/router.hpp"
#include "kit/messaging/idempotency.hpp"
#include "kit/messaging/inbox.hpp"

namespace evc::messaging {

// `service`: charging, payment or integrations. Everything given must live as long as the router.
void add_dead_letter_operations(http::Router& router, const std::string& service, Inbox& inbox,
                                IdempotencyStore& idempotency, postgres::Pool& pool);

}  // namespace evc::messaging
