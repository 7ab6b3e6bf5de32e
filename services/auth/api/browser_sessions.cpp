#include "services/auth/api/browser_sessions.hpp"

#include "kit/base/bytes.hpp"
#include "kit/telemetry/log.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/store/audit_log.hpp"

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

// Of a token of our own making, so nothing is verified; nullopt when it is no such token.
std::optional<std::string> pseudonym_in(const std::string& access_token) {
  const std::size_t first = access_token.find('.');
  if (first == std::string::npos) return std::nullopt;
  const auto claims = base64url_decode(access_token.substr(first + 1, access_token.find('.', first + 1) - first - 1));
  if (!claims) return std::nullopt;
  const auto parsed = json::parse(*claims);
  const json::Value* puid = parsed && parsed->is_object() ? parsed->as_object().if_contains("puid") : nullptr;
  if (puid == nullptr || !puid->is_string()) return std::nullopt;
  return std::string(puid->as_string());
}

struct EndedFamily {
  std::string handle_hash;
  Uuid session_id;
  AuditActor actor;
  std::string subject;
  std::string reason;
};
Task<Result<void>> end_family(RequestContext& context, postgres::Transaction& transaction, EndedFamily ended) {
  const WallTime now = context.clock->wall();
  EVC_CO_CHECK(co_await delete_browser_session(context, transaction, ended.handle_hash));
  EVC_CO_CHECK(
      co_await revoke_session(context, transaction, ended.session_id, std::move(ended.reason), now, now + kDenyFor));
  co_return co_await write_audit(context, transaction,
                                 {.action = AuditAction::kSessionEnded,
                                  .actor = ended.actor,
                                  .subject = std::move(ended.subject),
                                  .detail = {{"sessionId", to_string(ended.session_id)}}});
}

}  // namespace

std::string digest_of_token(const std::string& access_token) {
  return base64url_encode(view(sha256(access_token)));
}

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
      .idle_expires_at = idle_end(life_, now + life_.absolute, now),
      .absolute_expires_at = now + life_.absolute};
  const WallTime expires_at = session.idle_expires_at;
  EVC_CO_CHECK(co_await insert(context, std::move(session), std::move(begin.replaces)));
  co_return expires_at;
}

Task<Result<void>> BrowserSessions::insert(RequestContext& context, NewBrowserSession session,
                                           std::optional<std::string> replaces) {
  std::optional<EndedFamily> ended;
  if (replaces) {
    const std::string hash = hash_of(*replaces);
    EVC_CO_TRY(before, co_await find_browser_session(context, parts_.pool, hash, session.created_at));
    if (before && before->session_id != session.session_id) {
      EVC_CO_TRY(subject, co_await subject_of(context, *replaces, *before));
      ended = EndedFamily{.handle_hash = hash,
                          .session_id = before->session_id,
                          .actor = AuditActor::kOwner,
                          .subject = std::move(subject),
                          .reason = "signed in again"};
    }
  }
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_CHECK(co_await insert_browser_session(context, transaction, std::move(session)));
  if (ended) {
    EVC_CO_CHECK(co_await end_family(context, transaction, std::move(*ended)));
  }
  co_return co_await transaction.commit(context);
}

Task<Result<BrowserSessionUse>> BrowserSessions::use(RequestContext& context, BrowserSessionQuestion question) {
  const std::string& handle = question.handle;
  if (!check_handle(handle)) co_return fail(Code::kNotFound);
  const std::string hash = hash_of(handle);
  while (!context.expired()) {
    const WallTime now = context.clock->wall();
    EVC_CO_TRY(row, co_await find_browser_session(context, parts_.pool, hash, now));
    if (!row) co_return fail(Code::kNotFound);
    const auto tokens = opened(handle, *row);
    if (!tokens) {
      EVC_CO_CHECK(co_await end_unreadable(context, hash, *row));
      co_return fail(Code::kNotFound);
    }
    const bool refused =
        question.refused == digest_of_token(tokens->access_token) && refusal_counts(life_, row->access_expires_at, now);
    if (!refused && !renewal_due(life_, row->access_expires_at, now))
      co_return co_await used(context, handle, *row, *tokens);
    const bool good = !refused && still_good(row->access_expires_at, now);
    EVC_CO_TRY(leased, co_await lease_renewal(context, parts_.pool, hash, row->version, now, now + kRenewalLease));
    if (leased) {
      auto renewed = co_await renew(context, handle, *row, *tokens);
      // What was renewed is read again, whoever has stored it in the end.
      if (renewed) continue;
      if (!good) co_return std::unexpected(std::move(renewed).error());
      EVC_LOG(kWarn, context.trace, "A browser's tokens could not be renewed; those that it has still hold",
              {{telemetry::key::kErrorCode, info(renewed.error().code).name}});
    }
    if (good) co_return co_await used(context, handle, *row, *tokens);
    co_await sleep_for(parts_.worker, kLook);
  }
  co_return fail(Code::kServiceUnavailable, "the session's tokens are being renewed");
}

Task<Result<void>> BrowserSessions::renew(RequestContext& context, std::string handle, BrowserSessionRow row,
                                          BrowserTokens tokens) {
  const std::string hash = hash_of(handle);
  auto name = co_await name_of(context, row.account_id);
  if (name) tokens.name = std::move(*name);
  // With the rotation or not at all: a session can never hold a token whose child was lost.
  const auto pair = co_await parts_.issuer.refresh(
      context, tokens.refresh_token,
      [this, &handle, &row, &tokens](RequestContext& rotating, postgres::Transaction& transaction, TokenPair made) {
        return store(rotating, transaction, handle, row.version,
                     {.access_token = std::move(made.access_token),
                      .refresh_token = std::move(made.refresh_token),
                      .name = tokens.name},
                     made.expires_in);
      });
  if (pair || pair.error().code == Code::kConflict) co_return Result<void>{};
  if (pair.error().code == Code::kRefreshTokenInvalid) {
    EVC_LOG(kInfo, context.trace, "A browser's session ended with its tokens");
    co_return co_await delete_browser_session(context, parts_.pool, hash);
  }
  RequestContext giving_up = background_context(std::chrono::seconds(1), *context.clock);
  EVC_CO_CHECK(co_await give_up_renewal(giving_up, parts_.pool, hash, row.version));
  co_return std::unexpected(pair.error());
}

Task<Result<void>> BrowserSessions::store(RequestContext& context, postgres::Transaction& transaction,
                                          std::string handle, std::int64_t version, BrowserTokens tokens,
                                          std::int64_t expires_in) {
  const WallTime expires_at = context.clock->wall() + std::chrono::seconds(expires_in);
  EVC_CO_TRY(stored, co_await store_renewal(context, transaction, hash_of(handle), version, sealed(handle, tokens),
                                            expires_at));
  if (!stored) co_return fail(Code::kConflict, "somebody else renewed the session");
  co_return Result<void>{};
}

Task<Result<BrowserSessionUse>> BrowserSessions::used(RequestContext& context, std::string handle,
                                                      BrowserSessionRow row, BrowserTokens tokens) {
  const WallTime slid = idle_end(life_, row.absolute_expires_at, context.clock->wall());
  if (slid - row.idle_expires_at >= kSlideStep) {
    row.idle_expires_at = slid;
    EVC_CO_CHECK(co_await slide_browser_session(context, parts_.pool, hash_of(handle), slid));
  }
  co_return BrowserSessionUse{.access_token = std::move(tokens.access_token),
                              .access_expires_at = row.access_expires_at,
                              .expires_at = row.idle_expires_at,
                              .name = std::move(tokens.name)};
}

// Their pseudonym stands in the sealed token; the keystore is asked only where there is none.
Task<Result<std::string>> BrowserSessions::subject_of(RequestContext& context, std::string handle,
                                                      BrowserSessionRow row) {
  const auto tokens = opened(handle, row);
  const auto puid = tokens ? pseudonym_in(tokens->access_token) : std::nullopt;
  if (puid) co_return *puid;
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, row.account_id));
  co_return pseudonym(secret, "events");
}

// Nobody can ever use it again: sealed under another master key.
Task<Result<void>> BrowserSessions::end_unreadable(RequestContext& context, std::string hash, BrowserSessionRow row) {
  EVC_LOG(kError, context.trace, "A browser's session cannot be opened with this master key: it is ended");
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, row.account_id));
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_CHECK(co_await end_family(context, transaction,
                                   {.handle_hash = std::move(hash),
                                    .session_id = row.session_id,
                                    .actor = AuditActor::kAuth,
                                    .subject = pseudonym(secret, "events"),
                                    .reason = "the browser's session could not be opened"}));
  co_return co_await transaction.commit(context);
}

Task<Result<void>> BrowserSessions::end(RequestContext& context, std::string handle) {
  const std::string hash = hash_of(handle);
  EVC_CO_TRY(row, co_await find_browser_session(context, parts_.pool, hash, context.clock->wall()));
  if (row) {
    EVC_CO_TRY(subject, co_await subject_of(context, handle, *row));
    // Whoever brings the handle is the owner, for the audit log too.
    RequestContext owners = context;
    owners.principal.puid = std::move(subject);
    EVC_CO_CHECK(
        co_await parts_.issuer.end_session(owners, row->session_id, "logout", TokenIssuer::ConsentThen::kStays));
  }
  co_return co_await delete_browser_session(context, parts_.pool, hash);
}

}  // namespace evc::auth_service
