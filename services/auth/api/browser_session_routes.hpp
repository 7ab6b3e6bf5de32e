// The handlers of what only the gateway asks: browser sessions by their handle. The handle comes in bodies alone, so
// that no log and no span holds one.
#pragma once

#include "kit/http/operation.hpp"
#include "services/auth/api/routes.hpp"

namespace evc::auth_service {

void add_browser_session_routes(http::Operations<Api>& operations);

}  // namespace evc::auth_service
