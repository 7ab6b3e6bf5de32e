// What operators see of stations and of everybody's sessions (contracts/http/operations.yaml): reading only; people are
// pseudonyms. The stream of stations is in streams.hpp.
#pragma once

#include "services/charging/api/start.hpp"

namespace evc::charging {

Task<http::Response> list_operator_stations(Api& api, RequestContext& context, http::Request& request);
Task<http::Response> get_operator_station(Api& api, RequestContext& context, http::Request& request);
Task<http::Response> list_charging_sessions(Api& api, RequestContext& context, http::Request& request);
Task<http::Response> get_charging_session(Api& api, RequestContext& context, http::Request& request);

}  // namespace evc::charging
