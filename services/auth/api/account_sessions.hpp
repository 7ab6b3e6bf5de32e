// Where a person is signed in, and ending that: the refresh family at once, its access tokens as soon as every verifier
// has the deny-set (within a second). One per worker.
#pragma once

#include <boost/describe.hpp>
#include <string>
#include <vector>

#include "kit/base/sealing.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/api/tokens.hpp"

namespace evc::auth_service {

struct SessionView {
  std::string session_id, device;
  WallTime first_seen_at{};
  WallTime last_used_at{};
  bool current = false;
};
BOOST_DESCRIBE_STRUCT(SessionView, (), (session_id, device, first_seen_at, last_used_at, current))
struct SessionList {
  std::vector<SessionView> sessions;
};
BOOST_DESCRIBE_STRUCT(SessionList, (), (sessions))

class AccountSessions {
 public:
  AccountSessions(postgres::Pool& pool, TokenIssuer& issuer) : pool_(pool), issuer_(issuer) {}

  // All of the person of the token that asks, the latest sign-in first.
  Task<Result<SessionList>> list(RequestContext& context);
  // not-found for what is not the person's own; good again and again for what is.
  Task<Result<void>> end_one(RequestContext& context, std::string session_id);
  // Every one but that of the token that asks.
  Task<Result<void>> end_others(RequestContext& context);

 private:
  postgres::Pool& pool_;
  TokenIssuer& issuer_;
};

}  // namespace evc::auth_service
