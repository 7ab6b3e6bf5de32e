#include "services/auth/oidc/token_grants.hpp"

#include "kit/base/bytes.hpp"
#include "kit/telemetry/log.hpp"
#include "services/auth/api/oauth_answers.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

std::int64_t unix_seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string text_of(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::Array words_of(std::string_view text) {
  json::Array words;
  while (!text.empty()) {
    const auto space = text.find(' ');
    words.emplace_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return words;
}

// OpenID Connect Core §3.1.3.6: the left half of the hash that belongs to the algorithm, SHA-256 for both.
std::string access_token_hash(const std::string& access_token) {
  const Digest digest = sha256(access_token);
  return base64url_encode(view(digest).substr(0, digest.size() / 2));
}

bool fits(const CodeRow& row, const OauthClient& client, const Parameters& fields, WallTime now) {
  if (row.expires_at <= now || !row.sign_in_live) return false;
  if (!may_redirect_to(client, row.redirect_uri) || field(fields, "redirect_uri") != row.redirect_uri) return false;
  const std::string verifier = field(fields, "code_verifier").value_or("");
  // A verifier without a challenge is a request that somebody has cut down (RFC 9700 §4.8.2).
  if (row.code_challenge.empty()) return verifier.empty();
  return proves_challenge(verifier, row.code_challenge);
}

}  // namespace

Result<json::Object> TokenGrants::answer(const OauthClient& client, IssuedTokens issued, const std::string& nonce,
                                         WallTime now) const {
  json::Object body{{"access_token", issued.pair.access_token},
                    {"token_type", "Bearer"},
                    {"expires_in", issued.pair.expires_in},
                    {"refresh_token", issued.pair.refresh_token},
                    {"scope", issued.scope}};
  if (!scope_has(issued.scope, "openid")) return body;
  const bool two_factors = scope_has(issued.methods, "mfa");
  json::Object claims{{"iss", issuer_.settings().issuer},
                      {"sub", to_string(issued.account_id)},
                      {"aud", client.id},
                      {"iat", unix_seconds(now)},
                      {"exp", unix_seconds(now) + issued.pair.expires_in},
                      {"auth_time", unix_seconds(issued.authenticated_at.value_or(now))},
                      {"sid", to_string(issued.session_id)},
                      {"acr", two_factors ? "urn:evcosta:two-factors" : "urn:evcosta:password"},
                      {"amr", words_of(issued.methods)},
                      {"at_hash", access_token_hash(issued.pair.access_token)}};
  if (!nonce.empty()) claims["nonce"] = nonce;
  const KeyAlgorithm algorithm = client.id_token_algorithm == "ES256" ? KeyAlgorithm::kEs256 : KeyAlgorithm::kRs256;
  EVC_TRY(token, keys_.sign_id_token(claims, algorithm, now));
  body["id_token"] = token;
  return body;
}

Task<Result<json::Object>> TokenGrants::redeem(RequestContext& context, OauthClient client, Parameters fields) {
  const std::string hash = refresh_token_hash(field(fields, "code").value_or(""));
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(row, co_await lock_code(context, transaction, hash));
  if (row && row->client_id == client.id && row->used) {
    EVC_CO_CHECK(co_await end_what_it_made(context, transaction, *row));
    co_return fail(Code::kVerificationInvalid, "the code was used before");
  }
  if (!row || row->client_id != client.id || !fits(*row, client, fields, now)) {
    EVC_CO_CHECK(co_await transaction.rollback(context));
    co_return fail(Code::kVerificationInvalid, "the code is not good for this request");
  }
  const std::string nonce = row->nonce;
  EVC_CO_TRY(issued, co_await use(context, transaction, client, std::move(*row), hash));
  co_return answer(client, std::move(issued), nonce, now);
}

Task<Result<IssuedTokens>> TokenGrants::use(RequestContext& context, postgres::Transaction& transaction,
                                            const OauthClient& client, CodeRow row, std::string hash) {
  EVC_CO_TRY(account, co_await find_account(context, transaction, row.account_id));
  if (!account) co_return fail(Code::kVerificationInvalid);
  EVC_CO_TRY(secret, co_await issuer_.person_secret(context, row.account_id));
  const std::string subject = pseudonym(secret, "events");
  EVC_CO_TRY(issued, co_await issuer_.open_client_session(context, transaction, std::move(*account), std::move(secret),
                                                          {.client_id = client.id,
                                                           .scope = row.scope,
                                                           .device = client.name,
                                                           .sign_in_id = row.sign_in_id,
                                                           .authenticated_at = row.authenticated_at,
                                                           .methods = row.methods}));
  EVC_CO_TRY(lives, co_await hold_sign_in(context, transaction, row.sign_in_id));
  if (!lives) co_return fail(Code::kVerificationInvalid, "the sign-in has ended");
  EVC_CO_CHECK(co_await use_code(context, transaction, std::move(hash), issued.session_id, context.clock->wall()));
  EVC_CO_CHECK(
      co_await write_audit(context, transaction,
                           {.action = AuditAction::kSessionBegun,
                            .actor = AuditActor::kOwner,
                            .subject = subject,
                            .detail = {{"sessionId", to_string(issued.session_id)}, {"clientId", client.id}}}));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return std::move(issued);
}

Task<Result<void>> TokenGrants::end_what_it_made(RequestContext& context, postgres::Transaction& transaction,
                                                 CodeRow row) {
  if (!row.session_id) co_return co_await transaction.rollback(context);
  const WallTime now = context.clock->wall();
  EVC_CO_CHECK(
      co_await revoke_session(context, transaction, *row.session_id, "authorization code reused", now, now + kDenyFor));
  EVC_CO_TRY(secret, co_await issuer_.person_secret(context, row.account_id));
  EVC_CO_CHECK(co_await write_audit(context, transaction,
                                    {.action = AuditAction::kCodeReused,
                                     .actor = AuditActor::kAnybody,
                                     .subject = pseudonym(secret, "events"),
                                     .detail = {{"sessionId", to_string(*row.session_id)}}}));
  EVC_CO_CHECK(co_await transaction.commit(context));
  EVC_LOG(kWarn, context.trace, "An authorization code was used again: what it made is revoked");
  co_return Result<void>{};
}

Task<Result<json::Object>> TokenGrants::refresh(RequestContext& context, OauthClient client, Parameters fields) {
  EVC_CO_TRY(issued, co_await issuer_.refresh_for(context, {.token = field(fields, "refresh_token").value_or(""),
                                                            .client_id = client.id,
                                                            .scope = field(fields, "scope"),
                                                            .client_scope = client.scope}));
  co_return answer(client, std::move(issued), {}, context.clock->wall());
}

std::optional<json::Object> TokenGrants::ours(const std::string& token, std::string_view type) const {
  auto parsed = auth::parse_jws(token);
  if (!parsed || text_of(parsed->header, "typ") != type || !keys_.verify(*parsed)) return std::nullopt;
  return std::move(parsed->payload);
}

Task<Result<json::Object>> TokenGrants::introspect(RequestContext& context, OauthClient client, std::string token) {
  const json::Object inactive{{"active", false}};
  const WallTime now = context.clock->wall();
  if (const auto claims = ours(token, "at+jwt")) {
    const auto session = parse_uuid(text_of(*claims, "sid"));
    const bool over = claims->at("exp").as_int64() <= unix_seconds(now);
    if (!session || over || text_of(*claims, "client_id") != client.id) co_return inactive;
    EVC_CO_TRY(lives, co_await session_lives(context, pool_, *session, now));
    EVC_CO_TRY(denied, co_await token_is_denied(context, pool_, text_of(*claims, "jti"), now));
    if (!lives || denied) co_return inactive;
    json::Object body{{"active", true}, {"token_type", "Bearer"}};
    for (const char* name : {"scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "sid"})
      body[name] = claims->at(name);
    co_return body;
  }
  EVC_CO_TRY(held, co_await live_refresh_token(context, pool_, refresh_token_hash(token), now));
  if (!held || held->client_id != client.id) co_return inactive;
  co_return json::Object{{"active", true},
                         {"scope", held->scope},
                         {"client_id", client.id},
                         {"exp", unix_seconds(held->expires_at)},
                         {"sub", to_string(held->account_id)},
                         {"iss", issuer_.settings().issuer},
                         {"sid", to_string(held->session_id)}};
}

// Everything is looked up before a connection is held: whoever holds one and asks for another may wait for itself.
Task<Result<void>> TokenGrants::revoke(RequestContext& context, OauthClient client, std::string token) {
  const WallTime now = context.clock->wall();
  const auto claims = ours(token, "at+jwt");
  std::optional<Uuid> account, family;
  if (claims) {
    if (text_of(*claims, "client_id") != client.id) co_return Result<void>{};
    if (const auto id = parse_uuid(text_of(*claims, "sub"))) account = *id;
  } else {
    EVC_CO_TRY(held, co_await family_of_refresh_token(context, pool_, refresh_token_hash(token)));
    if (!held || held->client_id != client.id) co_return Result<void>{};
    account = held->account_id;
    family = held->session_id;
  }
  if (!account) co_return Result<void>{};
  json::Object detail{{"clientId", client.id}};
  if (family) detail["sessionId"] = to_string(*family);
  EVC_CO_TRY(secret, co_await issuer_.person_secret(context, *account));
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  if (claims) EVC_CO_CHECK(co_await deny_token(context, transaction, text_of(*claims, "jti"), now + kDenyFor));
  if (family)
    EVC_CO_CHECK(co_await revoke_session(context, transaction, *family, "revoked by the client", now, now + kDenyFor));
  EVC_CO_CHECK(co_await write_audit(context, transaction,
                                    {.action = AuditAction::kTokenRevoked,
                                     .actor = AuditActor::kOwner,
                                     .subject = pseudonym(secret, "events"),
                                     .detail = std::move(detail)}));
  co_return co_await transaction.commit(context);
}

}  // namespace evc::auth_service
