// Registers an operation of contracts/routes.yaml by its operationId: method, path, access, scope, callers and body
// limit come from the contract, so that a service cannot serve something else than what is written. An unknown
// operation, or one of another service, is a start-up failure (throws).
#pragma once

#include <string_view>

#include "kit/http/router.hpp"

namespace evc::http {

// The path template of an operation, e.g. for idempotency records.
std::string_view operation_path(std::string_view operation);

void add_operation(Router& router, std::string_view service, std::string_view operation, Handler handler);

}  // namespace evc::http
