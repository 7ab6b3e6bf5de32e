// One call to another service with a service token, and its answer read: an answer that is a person's to hear comes as
// its error, anything else says that this service does not answer now.
#pragma once

#include <memory>
#include <string>

#include "kit/auth/service_token.hpp"
#include "kit/http/client.hpp"

namespace evc::user {

// Who is asked, and how. Values; a copy is as good.
struct ServicePeer {
  std::string name;
  std::shared_ptr<http::Client> client;
  std::shared_ptr<evc::auth::ServiceTokens> tokens;
};

// A success as it came. not-found, conflict, credentials-invalid, token-invalid, validation-failed (with its pointers)
// and rate-limited as the service said; service-unavailable for everything else.
Task<Result<http::Response>> ask(RequestContext& context, ServicePeer peer, http::Call call);
// The error that a problem document means. Pure.
Error error_of(std::string_view service, const http::Response& response);

}  // namespace evc::user
