// The handlers of what people do with their own account: sessions, password, address, second factor.
#pragma once

#include "kit/http/operation.hpp"
#include "services/auth/api/routes.hpp"

namespace evc::auth_service {

// The gateway writes the client's address; the mark comes back in its cookie.
Origin origin_of(const http::Request& request);

// Tokens and the device's mark.
http::Response signed_in_response(const SignedIn& begun);

void add_account_routes(http::Operations<Api>& operations);

}  // namespace evc::auth_service
