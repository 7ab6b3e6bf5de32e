#include "services/auth/api/tokens.hpp"

#include "contracts/routes.hpp"
#include "kit/telemetry/log.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/oauth_client.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/clients.hpp"
#include "services/auth/store/sessions.hpp"
#include "services/auth/store/sign_ins.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kAudience = "evcosta";

std::int64_t unix_seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string scopes_of(std::span<const contracts::RoleScopes> table, std::string_view role) {
  std::string joined;
  for (const contracts::RoleScopes& row : table) {
    if (row.role != role) continue;
    for (const auto scope : row.scopes) joined += (joined.empty() ? "" : " ") + std::string(scope);
  }
  return joined;
}

// The child is sealed under a key that only the holder of the parent token can derive.
SealKey successor_key(const std::string& parent_token) {
  return derive_key(SealKey(refresh_token_hash("key:" + parent_token)), "refresh successor");
}

PresentedToken presented(const std::optional<RefreshRow>& row, const std::string& client_id) {
  if (!row) return {};
  const std::string holder = row->client_id.value_or(std::string(kAppClient));
  const bool same_client = holder == client_id || (is_ours(holder) && is_ours(client_id));
  return {.known = true,
          .rotated_now = row->rotated_now,
          .family_live = !row->session_revoked && row->account_state == "active" && same_client,
          .idle_expires_at = row->idle_expires_at,
          .absolute_expires_at = row->absolute_expires_at,
          .rotated_at = row->rotated_now ? std::nullopt : row->rotated_at,
          .child_unused = row->successor_active && !row->successor_sealed.empty()};
}

}  // namespace

TokenIssuer::TokenIssuer(AuthSettings settings, KeyRing& keys, postgres::Pool& pool, postgres::Pool& keystore,
                         SealKey keystore_key)
    : settings_(std::move(settings)),
      keys_(keys),
      pool_(pool),
      keystore_(keystore),
      keystore_key_(std::move(keystore_key)) {}

std::string TokenIssuer::scope_of(const Account& account) {
  return account.role ? scopes_of(contracts::operator_scopes(), *account.role)
                      : scopes_of(contracts::driver_scopes(), "driver");
}

Result<std::string> TokenIssuer::access_token(const Account& account, const SealKey& secret, const Uuid& session_id,
                                              const Grant& grant, WallTime now) const {
  json::Object claims{{"iss", settings_.issuer},
                      {"aud", kAudience},
                      {"sub", to_string(account.id)},
                      {"client_id", grant.client_id},
                      {"iat", unix_seconds(now)},
                      {"exp", unix_seconds(now) + settings_.access_token_s},
                      {"jti", to_string(uuid_v7())},
                      {"sid", to_string(session_id)},
                      {"puid", pseudonym(secret, "events")},
                      {"scope", grant.scope}};
  if (account.role) claims["role"] = *account.role;
  return keys_.sign(claims, now);
}

Result<std::string> TokenIssuer::service_token(const std::string& service, WallTime now) const {
  const std::string granted = scopes_of(contracts::service_scopes(), service);
  const std::string scopes = granted.empty() ? "service" : "service " + granted;
  return keys_.sign({{"iss", settings_.issuer},
                     {"aud", kAudience},
                     {"sub", service},
                     {"client_id", service},
                     {"iat", unix_seconds(now)},
                     {"exp", unix_seconds(now) + settings_.service_token_s},
                     {"jti", to_string(uuid_v7())},
                     {"scope", scopes}},
                    now);
}

Task<Result<SealKey>> TokenIssuer::person_secret(RequestContext& context, Uuid account_id) {
  co_return co_await read_person(context, keystore_, account_id, keystore_key_);
}

Task<Result<TokenPair>> TokenIssuer::open_session(RequestContext& context, Account account, SealKey secret,
                                                  std::string device) {
  const WallTime now = context.clock->wall();
  const Uuid session_id = uuid_v7();
  const std::string token = new_refresh_token();
  EVC_CO_TRY(access, access_token(account, secret, session_id,
                                  {.client_id = std::string(kAppClient), .scope = scope_of(account)}, now));
  NewSession session{.id = session_id,
                     .account_id = account.id,
                     .password_hash = account.password_hash,
                     .device_sealed = seal(column_key(secret, "auth"), device, device_place(session_id)),
                     .created_at = now,
                     .absolute_expires_at = now + kRefreshAbsolute};
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(begun, co_await insert_session(context, transaction, std::move(session)));
  if (!begun) co_return fail(Code::kCredentialsInvalid);
  EVC_CO_CHECK(co_await insert_refresh_token(context, transaction, refresh_token_hash(token), session_id, 1,
                                             now + kRefreshIdle));
  EVC_CO_CHECK(co_await write_audit(context, transaction,
                                    {.action = AuditAction::kSessionBegun,
                                     .actor = AuditActor::kOwner,
                                     .subject = pseudonym(secret, "events"),
                                     .detail = {{"sessionId", to_string(session_id)}}}));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return TokenPair{.access_token = std::move(access),
                      .expires_in = settings_.access_token_s,
                      .refresh_token = token,
                      .refresh_expires_in = std::chrono::seconds(kRefreshIdle).count()};
}

Task<Result<IssuedTokens>> TokenIssuer::open_client_session(RequestContext& context, postgres::Transaction& transaction,
                                                            Account account, SealKey secret, ClientSession session) {
  const WallTime now = context.clock->wall();
  const Uuid session_id = uuid_v7();
  const std::string token = new_refresh_token();
  const std::string scope = common_scope(session.scope, scope_of(account));
  EVC_CO_TRY(access, access_token(account, secret, session_id, {.client_id = session.client_id, .scope = scope}, now));
  NewSession row{.id = session_id,
                 .account_id = account.id,
                 .password_hash = account.password_hash,
                 .device_sealed = seal(column_key(secret, "auth"), session.device, device_place(session_id)),
                 .created_at = now,
                 .absolute_expires_at = now + kRefreshAbsolute,
                 .cookie_hash = {},
                 .sign_in_id = session.sign_in_id,
                 .client_id = session.client_id,
                 .scope = session.scope,
                 .authenticated_at = session.authenticated_at,
                 .methods = session.methods};
  EVC_CO_TRY(begun, co_await insert_session(context, transaction, std::move(row)));
  if (!begun) co_return fail(Code::kRefreshTokenInvalid);
  EVC_CO_CHECK(co_await insert_refresh_token(context, transaction, refresh_token_hash(token), session_id, 1,
                                             now + kRefreshIdle));
  co_return IssuedTokens{.pair = {.access_token = std::move(access),
                                  .expires_in = settings_.access_token_s,
                                  .refresh_token = token,
                                  .refresh_expires_in = std::chrono::seconds(kRefreshIdle).count()},
                         .account_id = account.id,
                         .session_id = session_id,
                         .scope = scope,
                         .authenticated_at = session.authenticated_at,
                         .methods = session.methods};
}

Task<Result<IssuedTokens>> TokenIssuer::tokens_for(RequestContext& context, postgres::Transaction& transaction,
                                                   RefreshRow row, RefreshOrder order, std::string refresh_token) {
  EVC_CO_TRY(account, co_await find_account(context, transaction, row.account_id));
  if (!account) co_return fail(Code::kRefreshTokenInvalid);
  EVC_CO_TRY(secret, co_await person_secret(context, row.account_id));
  const std::string all = scope_of(*account);
  const std::string held = row.scope ? common_scope(*row.scope, all) : all;
  const std::string granted = order.client_scope ? common_scope(held, *order.client_scope) : held;
  const std::string scope = order.scope ? common_scope(*order.scope, granted) : granted;
  const std::string client_id = row.client_id.value_or(std::string(kAppClient));
  EVC_CO_TRY(access, access_token(*account, secret, row.session_id, {.client_id = client_id, .scope = scope},
                                  context.clock->wall()));
  co_return IssuedTokens{.pair = {.access_token = std::move(access),
                                  .expires_in = settings_.access_token_s,
                                  .refresh_token = std::move(refresh_token),
                                  .refresh_expires_in = std::chrono::seconds(kRefreshIdle).count()},
                         .account_id = row.account_id,
                         .session_id = row.session_id,
                         .scope = scope,
                         .authenticated_at = row.authenticated_at,
                         .methods = row.methods};
}

Task<Result<IssuedTokens>> TokenIssuer::issue(RequestContext& context, postgres::Transaction& transaction,
                                              RefreshRow row, RefreshOrder order, std::string refresh_token,
                                              WithRotation also) {
  EVC_CO_TRY(issued,
             co_await tokens_for(context, transaction, std::move(row), std::move(order), std::move(refresh_token)));
  if (also) {
    EVC_CO_CHECK(co_await also(context, transaction, issued.pair));
  }
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return issued;
}

Task<Result<TokenPair>> TokenIssuer::refresh(RequestContext& context, std::string refresh_token, WithRotation also) {
  RefreshOrder order{.token = std::move(refresh_token), .client_id = std::string(kAppClient), .scope = std::nullopt};
  EVC_CO_TRY(issued, co_await refresh_for(context, std::move(order), std::move(also)));
  co_return std::move(issued.pair);
}

Task<Result<IssuedTokens>> TokenIssuer::refresh_for(RequestContext& context, RefreshOrder order, WithRotation also) {
  const WallTime now = context.clock->wall();
  const std::string& refresh_token = order.token;
  const std::string hash = refresh_token_hash(refresh_token);
  std::string child = new_refresh_token();
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(row,
             co_await rotate_refresh_token(context, transaction, hash, refresh_token_hash(child),
                                           seal(successor_key(refresh_token), child, "refresh_token.successor"), now));
  const RefreshVerdict verdict = judge(presented(row, order.client_id), now);
  const bool issues = verdict == RefreshVerdict::kIssueChild || verdict == RefreshVerdict::kRepeatChild;
  if (issues && order.scope && row->scope && !scope_within(*order.scope, *row->scope)) {
    EVC_CO_CHECK(co_await transaction.rollback(context));
    co_return fail_field("/scope", "more than was granted");
  }
  switch (verdict) {
    case RefreshVerdict::kIssueChild: {
      EVC_CO_CHECK(co_await insert_refresh_token(context, transaction, refresh_token_hash(child), row->session_id,
                                                 row->generation + 1, now + kRefreshIdle));
      EVC_CO_CHECK(co_await wipe_sealed_copy_of(context, transaction, hash));
      co_return co_await issue(context, transaction, *row, order, std::move(child), std::move(also));
    }
    case RefreshVerdict::kRepeatChild: {
      EVC_CO_TRY(same_child,
                 open_sealed(successor_key(refresh_token), row->successor_sealed, "refresh_token.successor"));
      co_return co_await issue(context, transaction, *row, order, std::move(same_child), std::move(also));
    }
    case RefreshVerdict::kRevokeFamily: {
      EVC_CO_CHECK(
          co_await revoke_session(context, transaction, row->session_id, "refresh token reused", now, now + kDenyFor));
      EVC_CO_TRY(secret, co_await person_secret(context, row->account_id));
      EVC_CO_CHECK(co_await write_audit(context, transaction,
                                        {.action = AuditAction::kRefreshReused,
                                         .actor = AuditActor::kAnybody,
                                         .subject = pseudonym(secret, "events"),
                                         .detail = {{"sessionId", to_string(row->session_id)}}}));
      EVC_CO_CHECK(co_await transaction.commit(context));
      EVC_LOG(kWarn, context.trace, "A refresh token was used again: its family is revoked");
      co_return fail(Code::kRefreshTokenInvalid);
    }
    case RefreshVerdict::kRefuse:
      break;
  }
  EVC_CO_CHECK(co_await transaction.rollback(context));
  co_return fail(Code::kRefreshTokenInvalid);
}

Task<Result<void>> TokenIssuer::end_session(RequestContext& context, Uuid session_id, std::string reason,
                                            ConsentThen consent) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  // The browser that it came from would begin the next one without a question.
  EVC_CO_CHECK(co_await end_sign_in_of(context, transaction, session_id, reason, now, now + kDenyFor));
  EVC_CO_CHECK(co_await revoke_session(context, transaction, session_id, std::move(reason), now, now + kDenyFor));
  if (consent == ConsentThen::kIsTakenBack) EVC_CO_CHECK(co_await take_consent_back(context, transaction, session_id));
  EVC_CO_CHECK(co_await write_audit(context, transaction,
                                    {.action = AuditAction::kSessionEnded,
                                     .actor = AuditActor::kOwner,
                                     .subject = context.principal.puid,
                                     .detail = {{"sessionId", to_string(session_id)}}}));
  co_return co_await transaction.commit(context);
}

}  // namespace evc::auth_service
