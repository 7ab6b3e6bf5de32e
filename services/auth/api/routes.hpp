// The HTTP face of the service: decodes requests, calls the rules and the store, encodes answers. Operations are those
// of contracts/http/auth.yaml.
#pragma once

#include "kit/http/router.hpp"
#include "services/auth/api/account_erasure.hpp"
#include "services/auth/api/account_records.hpp"
#include "services/auth/api/account_sessions.hpp"
#include "services/auth/api/browser_sessions.hpp"
#include "services/auth/api/credentials.hpp"
#include "services/auth/api/passkeys.hpp"

namespace evc::auth_service {

// What the handlers share on one worker; lives as long as the worker.
struct Api {
  postgres::Pool& pool;
  KeyRing& keys;
  TokenIssuer& issuer;
  Credentials& credentials;
  SecondFactor& second_factor;
  AccountSessions& sessions;
  AccountRecords& records;
  AccountErasure& erasure;
  BrowserSessions& browsers;
  Passkeys& passkeys;
};

void add_routes(http::Router& router, Api& api);

}  // namespace evc::auth_service
