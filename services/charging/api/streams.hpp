// Server-sent events: one session live, and connector changes inside a box, for drivers and, with the charge on each
// connector, for operators. Each stream reads the database when it is
// woken, or every second, so that nothing is missed when a nudge is.
#pragma once

#include "services/charging/api/start.hpp"

namespace evc::charging {

Task<http::Response> watch_session(Api& api, RequestContext& context, http::Request& request);
Task<http::Response> watch_stations(Api& api, RequestContext& context, http::Request& request);
Task<http::Response> watch_operator_stations(Api& api, RequestContext& context, http::Request& request);

}  // namespace evc::charging
