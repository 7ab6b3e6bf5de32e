#include "kit/auth/verifier.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

#include "kit/auth/claims.hpp"
#include "kit/auth/jws.hpp"
#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::auth {
namespace {

constexpr std::chrono::seconds kKeyRefresh{300};        // = max-age of the JWKS
constexpr std::chrono::seconds kUnknownKeyRefresh{30};  // an unknown kid causes at most one fetch in this time
constexpr std::chrono::seconds kDenyAlarm{2};           // a deny-set older than this is reported
constexpr std::chrono::seconds kFetchTimeout{5};

struct DeniedEntry {
  std::string kind;  // token (jti), session (sid), subject (sub), key (kid)
  std::string value;
  WallTime until{};
};
BOOST_DESCRIBE_STRUCT(DeniedEntry, (), (kind, value, until))

struct DenyList {
  std::int64_t version = 0;
  std::vector<DeniedEntry> entries;    // what was added since the version asked for
  std::optional<std::string> key_set;  // another text: the JWKS is another
};
BOOST_DESCRIBE_STRUCT(DenyList, (), (version, entries, key_set))

struct KeySet {
  std::vector<json::Value> keys;
};
BOOST_DESCRIBE_STRUCT(KeySet, (), (keys))

struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
  }
};

}  // namespace

struct Verifier::Impl : std::enable_shared_from_this<Impl> {
  Impl(Worker& worker_in, std::shared_ptr<http::Client> auth_in, VerifierOptions options_in, const Clock& clock_in)
      : worker(worker_in), auth(std::move(auth_in)), options(std::move(options_in)), clock(clock_in) {}

  Worker& worker;
  std::shared_ptr<http::Client> auth;
  VerifierOptions options;
  const Clock& clock;
  std::map<std::string, PublicKey> keys;
  std::unordered_map<Digest, AcceptedToken, DigestHash> cache;
  std::map<std::pair<std::string, std::string>, WallTime>
      denied;  // (kind, value) → no token named by it is valid after this
  std::int64_t deny_version = 0;
  std::string key_set;  // of the deny-set that came before `keys`
  std::function<void()> keys_changed;
  SteadyTime keys_asked_at{};
  SteadyTime denied_fetched_at{};
  bool deny_alarm = false;
  bool following = false;
  bool closed = false;

  telemetry::Counter accepted =
      telemetry::metrics().counter("auth_tokens_total", "Access tokens by outcome", {{"outcome", "accepted"}});
  telemetry::Counter cached =
      telemetry::metrics().counter("auth_tokens_total", "Access tokens by outcome", {{"outcome", "cached"}});
  telemetry::Counter refused =
      telemetry::metrics().counter("auth_tokens_total", "Access tokens by outcome", {{"outcome", "refused"}});

  Task<Result<void>> fetch_keys(RequestContext& context);
  Task<Result<void>> fetch_denied(RequestContext& context);
  Task<> follow(std::shared_ptr<Impl> self);
  Task<Result<const PublicKey*>> key_for(RequestContext& context, const std::string& key_id);
  bool is_denied(const AcceptedToken& token) const;
};

Task<Result<void>> Verifier::Impl::fetch_keys(RequestContext& context) {
  keys_asked_at = clock.steady();
  http::Call call{.method = "GET",
                  .target = "/.well-known/jwks.json",
                  .route_class = "/.well-known/jwks.json",
                  .repeat = http::Call::Repeat::kIdempotent};
  EVC_CO_TRY(response, co_await auth->send(context, std::move(call)));
  if (response.status != 200) co_return fail(Code::kServiceUnavailable, "the key set could not be fetched");
  EVC_CO_TRY(set, json::decode_text<KeySet>(response.body, json::Unknown::kIgnore));
  std::map<std::string, PublicKey> fetched;
  for (const auto& jwk : set.keys) {
    if (!jwk.is_object()) continue;
    auto key = PublicKey::from_jwk(jwk.get_object());
    if (key) fetched.insert_or_assign(key->key_id(), *key);  // a key of a kind that we do not use is not an error
  }
  if (fetched.empty()) co_return fail(Code::kServiceUnavailable, "the key set has no usable key");
  const auto is_in = [](const auto& set) { return [&set](const auto& key) { return set.contains(key.first); }; };
  const bool removed = !std::ranges::all_of(keys, is_in(fetched));
  const bool added = !std::ranges::all_of(fetched, is_in(keys));
  if (removed) cache.clear();  // what a withdrawn key signed is not good any more
  keys = std::move(fetched);
  if (keys_changed && (removed || added)) keys_changed();
  co_return Result<void>{};
}

Task<Result<void>> Verifier::Impl::fetch_denied(RequestContext& context) {
  http::Call call{.method = "GET",
                  .target = "/internal/deny-set?since=" + std::to_string(deny_version),
                  .route_class = "/internal/deny-set",
                  .repeat = http::Call::Repeat::kOnce};
  EVC_CO_TRY(response, co_await auth->send(context, std::move(call)));
  if (response.status != 200) co_return fail(Code::kServiceUnavailable, "the deny-set could not be fetched");
  EVC_CO_TRY(list, json::decode_text<DenyList>(response.body, json::Unknown::kIgnore));
  for (auto& entry : list.entries)
    denied.insert_or_assign({std::move(entry.kind), std::move(entry.value)}, entry.until);
  std::erase_if(denied, [now = clock.wall()](const auto& entry) { return entry.second < now; });
  deny_version = list.version;
  denied_fetched_at = clock.steady();
  deny_alarm = false;
  if (list.key_set && *list.key_set != key_set) {
    EVC_CO_CHECK(co_await fetch_keys(context));
    key_set = std::move(*list.key_set);
  }
  co_return Result<void>{};
}

Task<> Verifier::Impl::follow(std::shared_ptr<Impl> self) {
  while (!self->closed && !self->worker.tasks().cancelled()) {
    co_await sleep_for(self->worker, self->options.deny_poll);
    RequestContext context = background_context(kFetchTimeout, self->clock);
    auto outcome = co_await self->fetch_denied(context);
    if (!outcome && !self->deny_alarm && self->clock.steady() - self->denied_fetched_at > kDenyAlarm) {
      self->deny_alarm = true;
      EVC_LOG(kWarn, "The deny-set is stale: auth does not answer",
              {{telemetry::key::kErrorDetail, outcome.error().detail}});
    }
    if (self->clock.steady() - self->keys_asked_at > kKeyRefresh) co_await self->fetch_keys(context);
  }
}

Task<Result<const PublicKey*>> Verifier::Impl::key_for(RequestContext& context, const std::string& key_id) {
  auto found = keys.find(key_id);
  if (found == keys.end() && (keys.empty() || clock.steady() - keys_asked_at > kUnknownKeyRefresh)) {
    auto fetched = co_await fetch_keys(context);
    if (!fetched && keys.empty())
      co_return std::unexpected(
          Error{.code = Code::kServiceUnavailable, .detail = "tokens cannot be checked at the moment"});
    found = keys.find(key_id);
  }
  if (found == keys.end()) co_return fail(Code::kTokenInvalid, "the key is unknown");
  co_return &found->second;
}

bool Verifier::Impl::is_denied(const AcceptedToken& token) const {
  return denied.contains({"session", token.principal.session_id}) || denied.contains({"token", token.token_id}) ||
         denied.contains({"subject", token.principal.subject}) || denied.contains({"key", token.key_id});
}

Verifier::Verifier(Worker& worker, std::shared_ptr<http::Client> auth, VerifierOptions options, const Clock& clock)
    : impl_(std::make_shared<Impl>(worker, std::move(auth), std::move(options), clock)) {}

Verifier::~Verifier() {
  close();
}

void Verifier::close() {
  impl_->closed = true;
  impl_->keys_changed = nullptr;
}

void Verifier::on_keys_changed(std::function<void()> callback) {
  impl_->keys_changed = std::move(callback);
}

bool Verifier::ready() const {
  return !impl_->keys.empty();
}

Task<Result<void>> Verifier::start(RequestContext& context) {
  // Called again until it succeeds: one loop is enough.
  if (!impl_->following) impl_->worker.tasks().spawn("token verifier", impl_->follow(impl_));
  impl_->following = true;
  EVC_CO_CHECK(co_await impl_->fetch_keys(context));
  co_return co_await impl_->fetch_denied(context);
}

Task<Result<Principal>> Verifier::verify(RequestContext& context, std::string_view token) {
  const auto impl = impl_;
  const Digest digest = sha256(token);
  const WallTime now = impl->clock.wall();
  if (auto hit = impl->cache.find(digest); hit != impl->cache.end()) {
    if (hit->second.expires_at + impl->options.skew > now && !impl->is_denied(hit->second)) {
      impl->cached.add();
      co_return hit->second.principal;
    }
    impl->cache.erase(hit);
  }
  auto parsed = parse_jws(token);
  if (!parsed) {
    impl->refused.add();
    co_return std::unexpected(std::move(parsed).error());
  }
  auto key = co_await impl->key_for(context, parsed->key_id);
  if (!key) {
    impl->refused.add();
    co_return std::unexpected(std::move(key).error());
  }
  Result<AcceptedToken> accepted = check_claims(
      *parsed, {impl->options.issuer, impl->options.audience, impl->options.skew, impl->options.max_lifetime}, now);
  if (auto good = (*key)->verify(*parsed); !good) accepted = std::unexpected(std::move(good).error());
  if (accepted && impl->is_denied(*accepted)) accepted = fail(Code::kTokenInvalid, "the token was revoked");
  if (!accepted) {
    impl->refused.add();
    co_return std::unexpected(std::move(accepted).error());
  }
  impl->accepted.add();
  if (impl->cache.size() >= impl->options.cache_entries) impl->cache.clear();
  impl->cache.emplace(digest, *accepted);
  co_return accepted->principal;
}

}  // namespace evc::auth
