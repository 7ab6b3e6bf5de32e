// A person's charges for the user service, which knows whose pseudonym it is: all of them for the export, and how many
// have not ended, because such a person cannot be erased.
#pragma once

#include "services/charging/api/routes.hpp"

namespace evc::charging {

Task<http::Response> charging_records(Api& api, RequestContext& context, http::Request& request);
Task<http::Response> open_charges(Api& api, RequestContext& context, http::Request& request);

}  // namespace evc::charging
