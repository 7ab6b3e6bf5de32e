// How OAuth endpoints are asked and answer (RFC 6749): form fields, errors in their own form, tokens.
#pragma once

#include <string>
#include <string_view>

#include "kit/http/message.hpp"
#include "services/auth/domain/authorization.hpp"

namespace evc::auth_service {

// The fields of a form, each once. bad-request when it is no form or a field stands there twice.
Result<Parameters> form_of(const http::Request& request);
std::optional<std::string> field(const Parameters& fields, const char* name);

http::Response oauth_error(int status, std::string_view error, std::string_view description = {});
// What the platform's errors are in OAuth's words: unauthenticated is invalid_client, bad tokens and codes are
// invalid_grant, and so on; what is no fault of the client is temporarily_unavailable.
http::Response oauth_error(const Error& error);

}  // namespace evc::auth_service
