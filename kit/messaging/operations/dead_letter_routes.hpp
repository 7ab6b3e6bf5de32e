// The routes about dead letters. A decision names up to 200 of them and says what became of each; the same request
// again finds what was decided and changes nothing.
#pragma once

#include "kit/messaging/operations/service_events.hpp"

namespace evc::messaging {

Task<http::Response> list_dead_letters(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> show_dead_letter(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> dry_run_dead_letters(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> replay_dead_letters(ServiceEvents events, RequestContext& context, http::Request& request);
Task<http::Response> discard_dead_letters(ServiceEvents events, RequestContext& context, http::Request& request);

}  // namespace evc::messaging
