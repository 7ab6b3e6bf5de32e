// DELETE /users/me: the person proves to be the person, nothing of theirs may be open, and the erasure begins; and how
// far it is, for who knows its id.
#pragma once

#include "services/user/api/routes.hpp"

namespace evc::user {

Task<http::Response> erase_person(Api& api, RequestContext& context, http::Request& request);
Task<http::Response> get_erasure(Api& api, RequestContext& context, http::Request& request);

}  // namespace evc::user
