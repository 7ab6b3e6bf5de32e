// CPU per operation of what identity costs: a password, a refresh, a token check. One thread does the work and its
// processor time is counted, never the wall's; each figure stands beside a baseline of the same run. Prints JSON.
#include <argon2.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "kit/auth/claims.hpp"
#include "kit/auth/verifier.hpp"
#include "kit/base/bytes.hpp"
#include "kit/http/server.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"
#include "services/auth/api/tokens.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/password.hpp"
#include "services/auth/store/people_secrets.hpp"

namespace evc::bench {
namespace {

using namespace std::chrono_literals;
using namespace evc::auth_service;

constexpr int kPasswords = 60;
constexpr int kRefreshes = 3'000;
constexpr int kAtOnce = 16;
constexpr int kChecks = 200'000;
constexpr int kColdChecks = 2'000;
constexpr std::chrono::seconds kLimit{600};

double thread_cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// Microseconds of this thread's processor time each, and how many of them fill a core for a second.
template <class F>
json::Object cost(int count, F work) {
  const double before = thread_cpu_us();
  for (int i = 0; i < count; ++i) work(i);
  const double each = (thread_cpu_us() - before) / count;
  return {{"count", count}, {"cpuUs", each}, {"perSecondOfACore", 1e6 / each}};
}

// Of one that did `count` of them.
json::Object per_one(const json::Object& all, int count) {
  const double each = all.at("cpuUs").to_number<double>() / count;
  return {{"count", count}, {"cpuUs", each}, {"perSecondOfACore", 1e6 / each}};
}

double baseline_us() {
  const std::string block(65536, 'x');
  double best = 1e9;
  for (int round = 0; round < 5; ++round)
    best = std::min(best, cost(100, [&block](int) { sha256(block); }).at("cpuUs").to_number<double>());
  return best;
}

json::Object passwords() {
  const PasswordHasher hasher(Secret<std::string>("pepper"));
  const std::string phc = hasher.hash("uma-viagem-pela-costa");
  const auto own_memory = [](int) {
    std::array<char, 128> encoded{};
    argon2id_hash_encoded(2, 19 * 1024, 1, "x", 1, "0123456789abcdef", 16, 32, encoded.data(), encoded.size());
  };
  return {{"verify", cost(kPasswords, [&](int) { hasher.verify("uma-viagem-pela-costa", phc); })},
          {"baselineMemoryOfItsOwn", cost(kPasswords, own_memory)}};
}

// Auth's own parts over the real PostgreSQL.
class Refreshing {
 public:
  Refreshing() {
    accounts_.migrate("services/auth/migrations");
    keystore_database_.migrate("services/auth/keystore_migrations");
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = accounts_.conninfo(), .size = 8});
    keystore_.emplace(worker_, postgres::PoolOptions{.conninfo = keystore_database_.conninfo(), .size = 4});
    keys_.emplace(*pool_, master_);
    issuer_.emplace(AuthSettings{.issuer = "https://localhost:8443"}, *keys_, *pool_, *keystore_, master_);
    context_.deadline = context_.clock->steady() + kLimit;
    if (!run(keys_->refresh(context_))) throw std::runtime_error("no signing key");
  }
  ~Refreshing() {
    pool_->close();
    keystore_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  json::Object measure() {
    std::vector<std::string> tokens;
    for (int i = 0; i < kAtOnce; ++i) tokens.push_back(run(sign_in()).value().refresh_token);
    return cost(1, [&](int) { run(rotate_all(tokens)); });
  }
  std::string access_token() { return run(sign_in()).value().access_token; }
  json::Object jwks() const { return keys_->jwks(context_.clock->wall()); }

 private:
  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task), kLimit);
  }
  Task<Result<TokenPair>> sign_in() {
    const SealKey secret = new_person_secret();
    Account account{.id = random_uuid(),
                    .email_sealed = "e",
                    .name_sealed = "n",
                    .password_hash = "h",
                    .role = std::nullopt,
                    .state = "active",
                    .created_at = context_.clock->wall()};
    EVC_CO_CHECK(co_await insert_person(context_, *keystore_, account.id, secret, master_, account.created_at));
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await insert_account(context_, transaction, account, random_bytes(32)));
    EVC_CO_CHECK(co_await transaction.commit(context_));
    co_return co_await issuer_->open_session(context_, account, secret, "Firefox, Linux");
  }
  Task<> rotate(std::string token, int& done) {
    for (int i = 0; i < kRefreshes / kAtOnce; ++i)
      token = (co_await issuer_->refresh(context_, token)).value().refresh_token;
    ++done;
  }
  Task<> rotate_all(std::vector<std::string> tokens) {
    int done = 0;
    for (std::string& token : tokens) worker_.tasks().spawn("rotate", rotate(token, done));
    while (done < kAtOnce) co_await sleep_for(worker_, 10ms);
  }

  SealKey master_{random_bytes(32)};
  postgres::testing::TestDatabase accounts_, keystore_database_;
  Worker worker_;
  std::optional<postgres::Pool> pool_, keystore_;
  std::optional<KeyRing> keys_;
  std::optional<TokenIssuer> issuer_;
  RequestContext context_;
};

Task<> check_often(auth::Verifier& verifier, RequestContext& context, const std::string& token, int count) {
  for (int i = 0; i < count; ++i) {
    const auto principal = co_await verifier.verify(context, token);
    if (!principal) throw std::runtime_error("a good token was refused: " + principal.error().detail);
  }
}

Task<http::Response> answer_with(json::Value body) {
  co_return http::Response::json(200, body);
}

// The checks themselves, without the cache in front of them.
json::Object cold_checks(const json::Object& jwks, const std::string& token) {
  const auto key = auth::PublicKey::from_jwk(jwks.at("keys").as_array().at(0).as_object()).value();
  const auth::ClaimRules rules{.issuer = "https://localhost:8443", .audience = "evcosta"};
  return cost(kColdChecks, [&](int) {
    const auto parsed = auth::parse_jws(token).value();
    const bool good = key.verify(parsed) && auth::check_claims(parsed, rules, system_clock().wall());
    if (!good) throw std::runtime_error("a good token was refused");
  });
}

// A verifier whose auth is a server of this process.
json::Object cached_checks(const json::Object& jwks, const std::string& token) {
  Worker worker;
  auto router = std::make_shared<http::Router>();
  router->add("GET", "/.well-known/jwks.json", [jwks](RequestContext&, http::Request&) { return answer_with(jwks); },
              {.access = http::Access::kPublic});
  const json::Object nobody_denied{{"version", 0}, {"entries", json::Array{}}};
  router->add("GET", "/internal/deny-set",
              [nobody_denied](RequestContext&, http::Request&) { return answer_with(nobody_denied); },
              {.access = http::Access::kPublic});
  http::Server server(worker, router, {}, http::ServerOptions{.server_name = "auth"});
  server.start();
  auto client = std::make_shared<http::Client>(
      worker, http::ClientOptions{.service = "auth", .endpoints = {{"127.0.0.1", server.port()}}});
  json::Object result;
  {
    auth::Verifier verifier(worker, client, {.issuer = "https://localhost:8443"});
    RequestContext context;
    context.deadline = context.clock->steady() + kLimit;
    if (!evc::testing::run_task(worker, verifier.start(context)))
      throw std::runtime_error("the verifier found no keys");
    const auto all =
        cost(1, [&](int) { evc::testing::run_task(worker, check_often(verifier, context, token, kChecks), kLimit); });
    result = per_one(all, kChecks);
  }
  client->close();
  server.close_all();
  worker.tasks().cancel();
  evc::testing::run_until(worker, [&] { return worker.tasks().size() == 0 && server.connections() == 0; });
  return result;
}

json::Object measure() {
  json::Object result{{"baselineSha256Of64KibUs", baseline_us()}, {"passwords", passwords()}};
  Refreshing refreshing;
  result["refreshes"] = per_one(refreshing.measure(), kRefreshes / kAtOnce * kAtOnce);
  const std::string token = refreshing.access_token();
  result["tokenChecks"] = json::Object{{"cached", cached_checks(refreshing.jwks(), token)},
                                       {"baselineWithoutCache", cold_checks(refreshing.jwks(), token)}};
  return result;
}

}  // namespace
}  // namespace evc::bench

int main() {
  try {
    std::puts(evc::json::serialize(evc::bench::measure()).c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_identity: %s\n", error.what());
    return 1;
  }
}
