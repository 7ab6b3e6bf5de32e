// GET /users/me/export: everything that the platform holds about the person, gathered from auth, charging and payment.
// Whole or not at all, at most 7 MiB; nothing of it is logged.
#pragma once

#include "services/user/api/routes.hpp"

namespace evc::user {

Task<http::Response> export_person(Api& api, RequestContext& context, http::Request& request);

}  // namespace evc::user
