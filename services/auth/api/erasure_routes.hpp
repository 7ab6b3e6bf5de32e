// The handlers of what the user service does with an account on behalf of the person who asked: export and erasure.
#pragma once

#include <atomic>

#include "kit/http/operation.hpp"
#include "kit/http/server.hpp"
#include "services/auth/api/routes.hpp"

namespace evc::auth_service {

void add_erasure_routes(http::Operations<Api>& operations);

// Until the tombstones were replayed a restored backup may hold people who were erased: nobody is answered about people
// so long. Tokens of services and keys are nobody's.
http::Middleware people_after_replay(const std::atomic<bool>& replayed);

}  // namespace evc::auth_service
