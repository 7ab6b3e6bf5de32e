// The routes about what operators did and what waits for a second one of them.
#pragma once

#include "kit/messaging/operations/service_events.hpp"

namespace evc::messaging {

Task<http::Response> list_approvals(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> list_event_runs(ServiceEvents events, RequestContext& context, http::Request& request);

}  // namespace evc::messaging
