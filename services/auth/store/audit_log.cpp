#include "services/auth/store/audit_log.hpp"

#include "kit/base/uuid.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{"audit_insert",
                            "INSERT INTO audit_entry (id, at, action, actor, subject, trace_id, detail) "
                            "VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7)"};

constexpr Statement kOfSubject{
    "audit_of_subject", "SELECT at, action, actor FROM audit_entry WHERE subject = $1 ORDER BY position DESC LIMIT $2"};

std::string_view name_of(AuditAction action) {
  switch (action) {
    case AuditAction::kSessionBegun:
      return "session.begun";
    case AuditAction::kSignInFailed:
      return "signIn.failed";
    case AuditAction::kSessionEnded:
      return "session.ended";
    case AuditAction::kSessionsEnded:
      return "sessions.ended";
    case AuditAction::kRefreshReused:
      return "refresh.reused";
    case AuditAction::kPasswordReset:
      return "password.reset";
    case AuditAction::kPasswordChanged:
      return "password.changed";
    case AuditAction::kEmailChanged:
      return "email.changed";
    case AuditAction::kSecondFactorOn:
      return "secondFactor.on";
    case AuditAction::kSecondFactorOff:
      return "secondFactor.off";
    case AuditAction::kPasskeyAdded:
      return "passkey.added";
    case AuditAction::kPasskeyDeleted:
      return "passkey.deleted";
    case AuditAction::kPasskeyCounterWentBack:
      return "passkey.counterWentBack";
    case AuditAction::kOperatorMade:
      return "operator.made";
    case AuditAction::kErasureAsked:
      return "erasure.asked";
    case AuditAction::kErasureRefused:
      return "erasure.refused";
    case AuditAction::kErased:
      return "account.erased";
    case AuditAction::kSigningKeyMade:
      return "signingKey.made";
    case AuditAction::kSigningKeyRevoked:
      return "signingKey.revoked";
    case AuditAction::kConsentGiven:
      return "consent.given";
    case AuditAction::kConsentRefused:
      return "consent.refused";
    case AuditAction::kCodeReused:
      return "authorizationCode.reused";
    case AuditAction::kTokenRevoked:
      return "token.revoked";
    case AuditAction::kSignedOut:
      return "browser.signedOut";
    case AuditAction::kClientAdded:
      return "client.added";
    case AuditAction::kClientRemoved:
      return "client.removed";
    case AuditAction::kKeystoreKeyExchanged:
      return "keystoreKey.exchanged";
  }
  return "";
}

std::string_view name_of(AuditActor actor) {
  switch (actor) {
    case AuditActor::kOwner:
      return "owner";
    case AuditActor::kAnybody:
      return "anybody";
    case AuditActor::kMachine:
      return "machine";
    case AuditActor::kAuth:
      return "auth";
  }
  return "";
}

Params params_of(const RequestContext& context, const AuditEntry& entry) {
  return Params(uuid_v7(), context.clock->wall(), name_of(entry.action), name_of(entry.actor), entry.subject,
                context.trace.trace_id_hex(), json::serialize(json::Value(entry.detail)));
}

}  // namespace

Task<Result<std::vector<AuditedAct>>> audited_of(RequestContext& context, postgres::Pool& pool, std::string subject,
                                                 std::int64_t limit) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOfSubject, Params(subject, limit)));
  std::vector<AuditedAct> acts;
  for (std::size_t i = 0; i < rows.size(); ++i)
    acts.push_back({rows.get<WallTime>(i, 0), rows.get<std::string>(i, 1), rows.get<std::string>(i, 2)});
  co_return acts;
}

Task<Result<void>> write_audit(RequestContext& context, postgres::Transaction& transaction, AuditEntry entry) {
  EVC_CO_CHECK(co_await transaction.exec(context, kInsert, params_of(context, entry)));
  co_return Result<void>{};
}

Task<Result<void>> write_audit(RequestContext& context, postgres::Pool& pool, AuditEntry entry) {
  EVC_CO_CHECK(co_await pool.exec(context, kInsert, params_of(context, entry)));
  co_return Result<void>{};
}

}  // namespace evc::auth_service
