// What a service said about one thing, read back from its outbox for operators: the first events of a key, in the order
// in which consumers see them, as plain values. The value of an event carries no personal data (contracts/events), so
// nothing is left out.
#pragma once

#include <optional>
#include <string>

#include "kit/messaging/held_events.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::messaging {

// ToldEvents of contracts/http/operations.yaml: at most kHeldEventsLimit.
Task<Result<json::Array>> told_events(RequestContext& context, postgres::Pool& pool, std::string topic,
                                      std::string key);
// One of them; nullopt when the value is not an event's.
std::optional<json::Object> told_event(const HeldEvent& event);

}  // namespace evc::messaging
