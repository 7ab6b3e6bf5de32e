// GET /problems/{code}: what an error code means, for people, in their language; a page for browsers, JSON for
// programs.
#pragma once

#include "kit/http/message.hpp"

namespace evc::gateway {

Task<http::Response> explain_problem(RequestContext& context, http::Request& request);

}  // namespace evc::gateway
