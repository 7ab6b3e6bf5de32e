// The audit log: what was done to whose account, and by whom, each entry chained to the one before. Written in the
// transaction of what it tells, as its last statement: the head of the chain is a lock that everybody needs.
#pragma once

#include <string>
#include <vector>

#include "kit/base/json.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

enum class AuditAction {
  kSessionBegun,     // somebody has signed in
  kSignInFailed,     // evaluated and wrong; what the limits refuse is not evaluated
  kSessionEnded,     // one, by its owner
  kSessionsEnded,    // all others, by their owner
  kRefreshReused,    // a refresh token came twice: its family is revoked
  kPasswordReset,    // by a mailed code
  kPasswordChanged,  // by somebody who knew the present one
  kEmailChanged,
  kSecondFactorOn,
  kSecondFactorOff,
  kPasskeyAdded,
  kPasskeyDeleted,
  kPasskeyCounterWentBack,  // there may be a copy of it: refused
  kOperatorMade,            // or given another role or password
  kErasureAsked,            // the account is frozen
  kErasureRefused,          // something was open; the account is active again
  kErased,
  kSigningKeyMade,
  kSigningKeyRevoked,
  kConsentGiven,    // to a client of somebody else
  kConsentRefused,  // …
  kCodeReused,      // an authorization code came twice: what it made is revoked
  kTokenRevoked,    // a client gave its tokens back
  kSignedOut,       // of a browser, with everything that came from it
  kClientAdded,
  kClientRemoved,
  kKeystoreKeyExchanged,
};
enum class AuditActor {
  kOwner,    // who has the account's password, code or token
  kAnybody,  // who proved nothing
  kMachine,  // a command on the machine that runs auth
  kAuth,     // the service by itself
};

struct AuditEntry {
  AuditAction action;
  AuditActor actor;
  std::string subject;  // pseudonym of the account's person; empty: nobody's
  json::Object detail;  // no personal values
};
Task<Result<void>> write_audit(RequestContext& context, postgres::Transaction& transaction, AuditEntry entry);
// What was done to one person's account, the latest first, at most `limit`.
struct AuditedAct {
  WallTime at{};
  std::string action, actor;
};
Task<Result<std::vector<AuditedAct>>> audited_of(RequestContext& context, postgres::Pool& pool, std::string subject,
                                                 std::int64_t limit);
// By itself, of what changes nothing else.
Task<Result<void>> write_audit(RequestContext& context, postgres::Pool& pool, AuditEntry entry);

}  // namespace evc::auth_service
