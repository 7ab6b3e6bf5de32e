// The routes about what waits without being dead: gaps of the inbox, keys of the outbox behind an event that the broker
// refused for good.
#pragma once

#include "kit/messaging/operations/service_events.hpp"

namespace evc::messaging {

Task<http::Response> list_gaps(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> accept_gap(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> list_parked_keys(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> discard_parked_event(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> release_parked_key(ServiceEvents events, RequestContext& context, http::Request& request);

}  // namespace evc::messaging
