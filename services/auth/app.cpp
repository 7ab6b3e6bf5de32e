// evcosta-auth: wires accounts, tokens and keys onto one worker. Needs PostgreSQL (auth and auth_keystore) and Redis
// (limits).
#include "kit/auth/verifier.hpp"
#include "kit/service/service.hpp"
#include "services/auth/api/erasure_routes.hpp"
#include "services/auth/api/maintenance.hpp"
#include "services/auth/api/routes.hpp"
#include "services/auth/oidc/provider_routes.hpp"
#include "services/auth/store/known_password_list.hpp"

namespace evc::auth_service {
namespace {

// One hashing pool for the whole process, whatever the number of workers: memory for Argon2 is the scarce thing.
std::shared_ptr<CpuPool> hashing_pool(const AuthSettings& settings) {
  static const auto pool =
      std::make_shared<CpuPool>(CpuPool::Options{.name = "hashing",
                                                 .threads = static_cast<std::size_t>(settings.hashing_threads),
                                                 .queue_limit = static_cast<std::size_t>(settings.hashing_queue)});
  return pool;
}

std::shared_ptr<PasswordHasher> password_hasher(const service::WorkerScope& scope) {
  static const auto hasher = std::make_shared<PasswordHasher>(scope.secret("auth-pepper"));
  return hasher;
}

std::shared_ptr<const KnownPasswords> known_passwords(const AuthSettings& settings) {
  static const auto known = [&settings] {
    auto loaded = load_known_passwords(settings.known_passwords);
    if (!loaded) throw std::runtime_error(loaded.error().detail);
    return std::make_shared<const KnownPasswords>(std::move(*loaded));
  }();
  return known;
}

PageAssets page_assets(const AuthSettings& settings) {
  auto loaded = load_page_assets(settings.page_assets);
  if (!loaded) throw std::runtime_error(loaded.error().detail);
  return std::move(*loaded);
}

// The OpenID Connect provider over what signs people in anyway.
void wire_provider(service::WorkerScope& scope, Api& api, const SealKey& page_key) {
  const std::string& issuer = api.issuer.settings().issuer;
  const PageSeal seal(page_key);
  auto& grants = scope.own<TokenGrants>(api.pool, api.keys, api.issuer);
  auto& clients = scope.own<ClientAuthenticator>(api.pool, issuer);
  auto& authorization = scope.own<AuthorizationFlow>(AuthorizationFlow::Parts{
      .pool = api.pool, .issuer = api.issuer, .credentials = api.credentials, .grants = grants, .seal = seal});
  auto& sign_out =
      scope.own<SignOut>(SignOut::Parts{.pool = api.pool, .issuer = api.issuer, .grants = grants, .seal = seal});
  auto& provider = scope.own<Provider>(Provider{.pool = api.pool,
                                                .issuer = api.issuer,
                                                .grants = grants,
                                                .clients = clients,
                                                .authorization = authorization,
                                                .sign_out = sign_out,
                                                .assets = page_assets(api.issuer.settings())});
  add_provider_routes(scope.router(), provider);
  if (scope.first())
    scope.worker().tasks().spawn("console client", keep_console_client(scope.worker(), api.pool, issuer));
}

// Of the process: its first worker replays, all wait.
std::atomic<bool>& tombstones_replayed() {
  static std::atomic<bool> replayed{false};
  return replayed;
}

Task<Result<void>> replay_done() {
  if (tombstones_replayed()) co_return Result<void>{};
  co_return fail(Code::kServiceUnavailable, "who was erased is not erased again yet");
}

Task<> requests_and_mails(Worker& worker, AccountErasure& erasure, AccountRequests& requests, postgres::Pool& pool,
                          SealKey mail_key, std::string spool_dir) {
  co_await erase_again(worker, erasure, tombstones_replayed());
  co_await answer_and_send(worker, requests, pool, std::move(mail_key), std::move(spool_dir));
}

Task<Result<void>> keys_ready(KeyRing& keys, RequestContext& context) {
  if (keys.ready(context.clock->wall())) co_return Result<void>{};
  co_return fail(Code::kServiceUnavailable, "there is no signing key yet");
}

void wire(service::WorkerScope& scope) {
  const auto settings = scope.settings<AuthSettings>("auth");
  // One master key outside the databases; every use has a key of its own.
  const SealKey master = derive_key(scope.secret("auth-master-key"), "evcosta auth");
  const SealKey keystore_key = derive_key(scope.secret("auth-keystore-key"), "evcosta auth keystore");
  postgres::Pool& pool = scope.postgres();
  postgres::Pool& keystore = scope.postgres("auth_keystore");
  auto& keys = scope.own<KeyRing>(pool, derive_key(master, "signing keys"),
                                  KeyRing::Workshop{.worker = &scope.worker(), .pool = hashing_pool(settings)});
  auto& issuer = scope.own<TokenIssuer>(settings, keys, pool, keystore, keystore_key);
  const SealKey index_key = derive_key(master, "e-mail index");
  const SealKey mail_key = derive_key(master, "mail");
  auto& throttle = scope.own<SignInThrottle>(scope.redis(), settings, derive_key(master, "device marks"));
  auto& second_factor = scope.own<SecondFactor>(pool, mail_key);
  auto& requests = scope.own<AccountRequests>(AccountRequests::Parts{.pool = pool,
                                                                     .keystore = keystore,
                                                                     .settings = settings,
                                                                     .index_key = index_key,
                                                                     .keystore_key = keystore_key,
                                                                     .mail_key = mail_key,
                                                                     .request_key = derive_key(master, "requests")});
  auto& credentials = scope.own<Credentials>(
      Credentials::Parts{.pool = pool,
                         .issuer = issuer,
                         .throttle = throttle,
                         .second_factor = second_factor,
                         .requests = requests,
                         .passwords = PasswordWork(scope.worker(), password_hasher(scope), hashing_pool(settings)),
                         .known_passwords = known_passwords(settings),
                         .index_key = index_key,
                         .mail_key = mail_key});
  auto& sessions = scope.own<AccountSessions>(pool, issuer);
  auto& records = scope.own<AccountRecords>(pool, issuer);
  auto& erasure = scope.own<AccountErasure>(AccountErasure::Parts{.pool = pool,
                                                                  .keystore = keystore,
                                                                  .requests = requests,
                                                                  .keystore_key = keystore_key,
                                                                  .tombstone_file = settings.tombstone_file});
  auto& browsers = scope.own<BrowserSessions>(BrowserSessions::Parts{
      .worker = scope.worker(), .pool = pool, .issuer = issuer, .key = derive_key(master, "browser sessions")});
  auto& api = scope.own<Api>(Api{.pool = pool,
                                 .keys = keys,
                                 .issuer = issuer,
                                 .credentials = credentials,
                                 .second_factor = second_factor,
                                 .sessions = sessions,
                                 .records = records,
                                 .erasure = erasure,
                                 .browsers = browsers});
  scope.use(people_after_replay(tombstones_replayed()));
  add_routes(scope.router(), api);
  wire_provider(scope, api, derive_key(master, "provider pages"));
  scope.readiness("signing keys", [&keys](RequestContext& context) { return keys_ready(keys, context); });
  scope.readiness("tombstones", [](RequestContext&) { return replay_done(); });
  scope.worker().tasks().spawn("signing keys", keep_keys(scope.worker(), keys));
  if (!scope.first()) return;
  scope.worker().tasks().spawn("requests and mails", requests_and_mails(scope.worker(), erasure, requests, pool,
                                                                        mail_key, settings.mail_spool_dir));
  scope.worker().tasks().spawn("refresh grace", wipe_after_grace(scope.worker(), pool));
  scope.worker().tasks().spawn("purge", purge_unused(scope.worker(), pool, keystore));
}

}  // namespace
}  // namespace evc::auth_service

int main(int argc, char** argv) {
  return evc::service::run(argc, argv,
                           {.name = "auth",
                            .migrations = {"services/auth/migrations"},
                            .further_databases = {{"auth_keystore", {"services/auth/keystore_migrations"}}},
                            .needs = evc::service::kPostgres | evc::service::kRedis | evc::service::kAuth,
                            .sections = {"auth"},
                            .wire = evc::auth_service::wire});
}
