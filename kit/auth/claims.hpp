// What an access token must claim (RFC 9068 plus the platform's own rules), as a pure function of the parsed token and
// the time.
#pragma once

#include <chrono>
#include <string>

#include "kit/auth/jws.hpp"
#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"
#include "kit/telemetry/request_context.hpp"

namespace evc::auth {

struct ClaimRules {
  std::string issuer;
  std::string audience;
  std::chrono::seconds skew{30};
  std::chrono::seconds max_lifetime{900};
};

struct AcceptedToken {
  Principal principal;
  WallTime expires_at{};
  std::string token_id;  // jti
  std::string key_id;
};

// Order: typ → iss → aud → exp, nbf, iat with skew → lifetime → the principal's claims.
Result<AcceptedToken> check_claims(const Jws& token, const ClaimRules& rules, WallTime now);

}  // namespace evc::auth
