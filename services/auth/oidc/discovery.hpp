// What the provider says of itself (OpenID Connect Discovery §3, RFC 8414): only what holds.
#pragma once

#include <string>

#include "kit/base/json.hpp"

namespace evc::auth_service {

json::Object discovery_document(const std::string& issuer);
// Every scope that a person may be granted, of whatever role.
std::string every_scope();

}  // namespace evc::auth_service
