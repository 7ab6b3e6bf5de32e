#include "services/auth/api/account_sessions.hpp"

#include "services/auth/domain/device.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

struct Caller {
  Uuid account_id, session_id;
};

Result<Caller> caller_of(const Principal& principal) {
  const auto account_id = parse_uuid(principal.subject);
  const auto session_id = parse_uuid(principal.session_id);
  if (!account_id || !session_id) return fail(Code::kTokenInvalid);
  return Caller{.account_id = *account_id, .session_id = *session_id};
}

}  // namespace

Task<Result<SessionList>> AccountSessions::list(RequestContext& context) {
  EVC_CO_TRY(caller, caller_of(context.principal));
  EVC_CO_TRY(rows, co_await live_sessions_of(context, pool_, caller.account_id, context.clock->wall()));
  EVC_CO_TRY(secret, co_await issuer_.person_secret(context, caller.account_id));
  const SealKey columns = column_key(secret, "auth");
  SessionList list;
  for (const SessionRow& row : rows) {
    std::string device = device_label("");
    if (!row.device_sealed.empty()) {
      EVC_CO_TRY(opened, open_sealed(columns, row.device_sealed, device_place(row.id)));
      device = opened;
    }
    list.sessions.push_back({.session_id = to_string(row.id),
                             .device = std::move(device),
                             .first_seen_at = row.first_seen_at,
                             .last_used_at = row.last_used_at,
                             .current = row.id == caller.session_id});
  }
  co_return list;
}

Task<Result<void>> AccountSessions::end_one(RequestContext& context, std::string session_id) {
  EVC_CO_TRY(caller, caller_of(context.principal));
  const auto id = parse_uuid(session_id);
  if (!id) co_return fail(Code::kNotFound);
  EVC_CO_TRY(own, co_await owns_session(context, pool_, caller.account_id, *id));
  if (!own) co_return fail(Code::kNotFound);
  co_return co_await issuer_.end_session(context, *id, "ended by its owner", TokenIssuer::ConsentThen::kIsTakenBack);
}

Task<Result<void>> AccountSessions::end_others(RequestContext& context) {
  EVC_CO_TRY(caller, caller_of(context.principal));
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_CHECK(co_await revoke_sessions_of(context, transaction, caller.account_id, caller.session_id,
                                           "ended by its owner", now, now + kDenyFor));
  EVC_CO_CHECK(co_await write_audit(context, transaction,
                                    {.action = AuditAction::kSessionsEnded,
                                     .actor = AuditActor::kOwner,
                                     .subject = context.principal.puid,
                                     .detail = {}}));
  co_return co_await transaction.commit(context);
}

}  // namespace evc::auth_service
