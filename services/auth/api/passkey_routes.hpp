// The handlers of passkeys: what their owners do with them, sign-in with one, and the proof that both ask for.
#pragma once

#include "kit/http/operation.hpp"
#include "services/auth/api/routes.hpp"

namespace evc::auth_service {

void add_passkey_routes(http::Operations<Api>& operations);

}  // namespace evc::auth_service
