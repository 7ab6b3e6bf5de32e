#include "services/auth/api/browser_sessions.hpp"

#include "kit/base/bytes.hpp"
#include "kit/telemetry/log.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kPlace = "auth.browser_session";
constexpr std::size_t kHandleBytes = 32;
// Between two looks at a renewal that somebody else makes.
constexpr std::chrono::milliseconds kLook{50};

std::string hash_of(const std::string& handle) {
  return std::string(view(sha256("browser session:" + handle)));
}

Result<void> check_handle(const std::string& handle) {
  const auto bytes = base64url_decode(handle);
  if (!bytes || bytes->size() != kHandleBytes) return fail_field("/handle", "must be 32 bytes in base64url");
  return {};
}

}  // namespace

BrowserSessions::BrowserSessions(Parts parts)
    : parts_(std::move(parts)),
      life_{.idle = std::chrono::minutes(parts_.issuer.settings().browser_idle_minutes),
            .absolute = std::chrono::hours(parts_.issuer.settings().browser_life_hours),
            .access_token = std::chrono::seconds(parts_.issuer.settings().access_token_s)} {}

SealKey BrowserSessions::key_for(const std::string& handle) const {
  return derive_key(parts_.key, handle);
}

std::string BrowserSessions::sealed(const std::string& handle, const BrowserTokens& tokens) const {
  return seal(key_for(handle), json::encode_text(tokens), kPlace);
}

Result<BrowserTokens> BrowserSessions::opened(const std::string& handle, const BrowserSessionRow& row) const {
  EVC_TRY(text, open_sealed(key_for(handle), row.sealed, kPlace));
  return json::decode_text<BrowserTokens>(text);
}

Task<Result<std::string>> BrowserSessions::name_of(RequestContext& context, Uuid account_id) {
  EVC_CO_TRY(account, co_await find_account(context, parts_.pool, account_id));
  if (!account) co_return fail(Code::kRefreshTokenInvalid);
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, account_id));
  co_return open_sealed(column_key(secret, "auth"), account->name_sealed, account_place("name", account_id));
}

Task<Result<WallTime>> BrowserSessions::begin(RequestContext& context, BrowserSessionBegin begin) {
  EVC_CO_CHECK(check_handle(begin.handle));
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(family, co_await family_of_token(context, parts_.pool, refresh_token_hash(begin.refresh_token), now));
  if (!family) co_return fail(Code::kRefreshTokenInvalid);
  EVC_CO_TRY(name, co_await name_of(context, family->account_id));
  NewBrowserSession session{
      .handle_hash = hash_of(begin.handle),
      .session_id = family->session_id,
      .sealed = sealed(begin.handle,
                       {.access_token = begin.access_token, .refresh_token = begin.refresh_token, .name = name}),
      .access_expires_at = now + std::chrono::seconds(begin.expires_in),
      .created_at = now,
      .idle_expires_at = now + life_.idle,
      .absolute_expires_at = now + life_.absolute};
  const WallTime expires_at = std::min(session.idle_expires_at, session.absolute_expires_at);
  EVC_CO_CHECK(co_await insert_browser_session(context, parts_.pool, std::move(session)));
  co_return expires_at;
}

Task<Result<BrowserSessionUse>> BrowserSessions::use(RequestContext& context, std::string handle) {
  if (!check_handle(handle)) co_return fail(Code::kNotFound);
  const std::string hash = hash_of(handle);
  while (!context.expired()) {
    const WallTime now = context.clock->wall();
    EVC_CO_TRY(row, co_await find_browser_session(context, parts_.pool, hash, now));
    if (!row) co_return fail(Code::kNotFound);
    EVC_CO_TRY(tokens, opened(handle, *row));
    if (!renewal_due(life_, row->access_expires_at, now))
      co_return co_await used(context, handle, std::move(*row), std::move(tokens));
    EVC_CO_TRY(leased, co_await lease_renewal(context, parts_.pool, hash, row->version, now, now + kRenewalLease));
    if (leased) {
      // What was renewed is read again, whoever has stored it in the end.
      EVC_CO_CHECK(co_await renew(context, handle, std::move(*row), std::move(tokens)));
      continue;
    }
    if (still_good(row->access_expires_at, now))
      co_return co_await used(context, handle, std::move(*row), std::move(tokens));
    co_await sleep_for(parts_.worker, kLook);
  }
  co_return fail(Code::kServiceUnavailable, "the session's tokens are being renewed");
}

Task<Result<void>> BrowserSessions::renew(RequestContext& context, std::string handle, BrowserSessionRow row,
                                          BrowserTokens tokens) {
  const std::string hash = hash_of(handle);
  auto pair = co_await parts_.issuer.refresh(context, tokens.refresh_token);
  if (pair) {
    const WallTime expires_at = context.clock->wall() + std::chrono::seconds(pair->expires_in);
    tokens.access_token = pair->access_token;
    tokens.refresh_token = pair->refresh_token;
    co_return co_await store_renewal(context, parts_.pool, hash, row.version, sealed(handle, tokens), expires_at);
  }
  if (pair.error().code == Code::kRefreshTokenInvalid) {
    EVC_LOG(kInfo, context.trace, "A browser's session ended with its tokens");
    co_return co_await delete_browser_session(context, parts_.pool, hash);
  }
  RequestContext giving_up = background_context(std::chrono::seconds(1), *context.clock);
  EVC_CO_CHECK(co_await give_up_renewal(giving_up, parts_.pool, hash, row.version));
  co_return std::unexpected(std::move(pair).error());
}

Task<Result<BrowserSessionUse>> BrowserSessions::used(RequestContext& context, std::string handle,
                                                      BrowserSessionRow row, BrowserTokens tokens) {
  const WallTime now = context.clock->wall();
  if (slide_due(life_, row.idle_expires_at, now)) {
    row.idle_expires_at = now + life_.idle;
    EVC_CO_CHECK(co_await slide_browser_session(context, parts_.pool, hash_of(handle), row.idle_expires_at));
  }
  co_return BrowserSessionUse{.access_token = std::move(tokens.access_token),
                              .access_expires_at = row.access_expires_at,
                              .expires_at = std::min(row.idle_expires_at, row.absolute_expires_at),
                              .name = std::move(tokens.name)};
}

Task<Result<void>> BrowserSessions::end(RequestContext& context, std::string handle) {
  const std::string hash = hash_of(handle);
  EVC_CO_TRY(row, co_await find_browser_session(context, parts_.pool, hash, context.clock->wall()));
  if (row) {
    EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, row->account_id));
    // Whoever brings the handle is the owner, for the audit log too.
    RequestContext owners = context;
    owners.principal.puid = pseudonym(secret, "events");
    EVC_CO_CHECK(co_await parts_.issuer.end_session(owners, row->session_id, "logout"));
  }
  co_return co_await delete_browser_session(context, parts_.pool, hash);
}

}  // namespace evc::auth_service
