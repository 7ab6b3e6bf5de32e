// GET /problems/{code}: what an error code means, for people, in their language; a page for browsers, JSON for
// programs.
#pragma once

#include "kit/http/message.hpp"

namespace evc::gateway {

// An answer for who may look at it in a browser: the problem document, or the page that explains it.
http::Response problem_page(const Error& error, const RequestContext& context, const http::Request& request);

Task<http::Response> explain_problem(RequestContext& context, http::Request& request);

}  // namespace evc::gateway
