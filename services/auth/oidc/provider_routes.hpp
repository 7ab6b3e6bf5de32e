// The HTTP face of the OpenID Connect provider; operations are those of contracts/http/auth.yaml under /oauth2 and
// /.well-known.
#pragma once

#include "kit/http/operation.hpp"
#include "services/auth/oidc/authorization_flow.hpp"
#include "services/auth/oidc/client_authentication.hpp"
#include "services/auth/oidc/page_assets.hpp"
#include "services/auth/oidc/sign_out.hpp"
#include "services/auth/oidc/token_grants.hpp"

namespace evc::auth_service {

// What the handlers share on one worker; lives as long as the worker.
struct Provider {
  postgres::Pool& pool;
  TokenIssuer& issuer;
  TokenGrants& grants;
  ClientAuthenticator& clients;
  AuthorizationFlow& authorization;
  SignOut& sign_out;
  PageAssets assets;
};

void add_provider_routes(http::Router& router, Provider& provider);

// The operators' console as a client, with the addresses that follow from the issuer; tried until it stands there.
Task<> keep_console_client(Worker& worker, postgres::Pool& pool, std::string issuer);

}  // namespace evc::auth_service
