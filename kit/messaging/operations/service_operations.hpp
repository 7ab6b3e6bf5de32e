// The operator's side of a service's events, under /operations/<service>: dead letters (list, show, dry run, replay,
// discard), gaps of its inbox, parked keys of its outbox, what waits for a second person, and the run log. A decision
// about money needs two people (kit/messaging/decision.hpp); every run is recorded.
#pragma once

#include <string>

#include "kit/http/router.hpp"
#include "kit/messaging/idempotency.hpp"
#include "kit/messaging/inbox.hpp"

namespace evc::messaging {

// `service`: charging, payment or integrations, which is also its consumer group. Everything given must live as long as
// the router.
void add_event_operations(http::Router& router, const std::string& service, Inbox& inbox, IdempotencyStore& idempotency,
                          postgres::Pool& pool);

}  // namespace evc::messaging
