// Which client asks at an OAuth endpoint, and whether it is that client: HTTP Basic or the form with its secret, a
// signed assertion (RFC 7523), or its name alone when it is a public one. One way at a time, and the one that it was
// added with. Every refusal is `unauthenticated` (invalid_client); two ways at once are bad-request.
#pragma once

#include <string>
#include <vector>

#include "kit/http/message.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/domain/authorization.hpp"

namespace evc::auth_service {

class ClientAuthenticator {
 public:
  // `issuer`: what assertions are for, and the base of the endpoints that they may name instead.
  ClientAuthenticator(postgres::Pool& pool, std::string issuer) : pool_(pool), issuer_(std::move(issuer)) {}
  Task<Result<OauthClient>> authenticate(RequestContext& context, const http::Request& request,
                                         const Parameters& fields);

 private:
  struct Presented {
    std::string id;
    std::string secret;     // of Basic or the form
    std::string assertion;  // …
  };
  Result<Presented> presented(const http::Request& request, const Parameters& fields) const;
  Task<Result<void>> check_assertion(RequestContext& context, const OauthClient& client, std::string assertion);

  postgres::Pool& pool_;
  std::string issuer_;
};

}  // namespace evc::auth_service
