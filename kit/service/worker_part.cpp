#include "kit/service/worker_part.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "kit/base/assert.hpp"
#include "kit/service/dependencies.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::service {
namespace {

using namespace std::chrono_literals;
namespace key = telemetry::key;

constexpr auto kCheckInterval = 1000ms;
constexpr auto kCheckTimeout = 1000ms;
constexpr auto kKeysTimeout = 3000ms;
constexpr auto kSettle = 20ms;

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

Task<Result<void>> ask_postgres(postgres::Pool& pool, RequestContext& context) {
  co_return co_await pool.ping(context);
}

Task<Result<void>> ask_redis(redis::Client& client, RequestContext& context) {
  std::vector<std::string> ping{"PING"};
  auto reply = co_await client.command(context, std::move(ping));
  if (!reply) co_return std::unexpected(std::move(reply).error());
  co_return Result<void>{};
}

std::vector<http::Endpoint> endpoints_of(const std::string& service, const std::string& addresses) {
  std::vector<http::Endpoint> endpoints;
  for (PeerAddress& one : parse_addresses("peers." + service, addresses))
    endpoints.push_back({std::move(one.host), one.port});
  return endpoints;
}

// A new key signs two seconds after it was published at the earliest, and the old one is withdrawn two seconds later.
constexpr std::chrono::milliseconds kRenewAfterKeys{2'500};

Task<Result<void>> ask_keys(std::shared_ptr<auth::Verifier> verifier) {
  if (verifier->ready()) co_return Result<void>{};
  co_return fail(Code::kServiceUnavailable, "the token keys were never fetched");
}

}  // namespace

WorkerPart::WorkerPart(ProcessParts& process, Worker& worker) : process_(process), worker_(worker), life_(worker.io()) {
  const Definition& definition = process.definition;
  if (!definition.listener.section.empty()) add_port(definition.listener);
  for (const Listener& listener : definition.further_listeners) add_port(listener);
  if ((definition.needs & kAuth) != 0) use(auth::authenticate(verifier()));
}

WorkerPart::~WorkerPart() {
  while (!kept_.empty()) kept_.pop_back();
}

void WorkerPart::add_port(const Listener& listener) {
  ports_.push_back({.listener = listener});
}

const WorkerPart::Port& WorkerPart::port(const std::string& listener) const {
  const auto found = std::ranges::find_if(ports_, [&](const Port& one) { return one.listener.section == listener; });
  EVC_ASSERT(found != ports_.end() && "the Definition names no such listener");
  return *found;
}

WorkerPart::Port& WorkerPart::port(const std::string& listener) {
  return const_cast<Port&>(std::as_const(*this).port(listener));
}

http::Router& WorkerPart::router(const std::string& listener) {
  return *port(listener).router;
}

void WorkerPart::use(const std::string& listener, http::Middleware middleware) {
  port(listener).middleware.push_back(std::move(middleware));
}

void WorkerPart::use_before_authentication(http::Middleware middleware) {
  port(process_.definition.listener.section).before_authentication.push_back(std::move(middleware));
}

postgres::Pool& WorkerPart::postgres() {
  return postgres(common().postgres.database);
}

postgres::Pool& WorkerPart::postgres(const std::string& database) {
  std::unique_ptr<postgres::Pool>& pool = pools_[database];
  if (!pool) {
    const auto share = static_cast<std::size_t>(common().postgres.pool_size) / process_.workers;
    pool = std::make_unique<postgres::Pool>(worker_,
                                            postgres::PoolOptions{.conninfo = postgres_conninfo(common(), database),
                                                                  .identity = process_.identity,
                                                                  .size = std::max<std::size_t>(share, 2),
                                                                  .application_name = instance()});
  }
  return *pool;
}

redis::Options WorkerPart::redis_options() const {
  const RedisSection& redis = common().redis;
  return {.host = redis.host,
          .port = static_cast<std::uint16_t>(redis.port),
          .tls = process_.tls_client,
          .user = redis.user,
          .password = secret("redis-" + redis.user),
          .news = process_.redis_news};
}

redis::Client& WorkerPart::redis() {
  if (!redis_) redis_ = std::make_unique<redis::Client>(worker_, redis_options());
  return *redis_;
}

std::shared_ptr<http::Client> WorkerPart::peer(const std::string& service) {
  std::shared_ptr<http::Client>& client = peers_[service];
  if (client) return client;
  const auto address = common().peers.find(service);
  if (address == common().peers.end()) {
    throw StartError(ExitCode::kSettings, fmt::format("the setting peers.{} is missing", service),
                     "It holds host:port[,host:port…] of that service.");
  }
  http::ClientOptions options{.service = service, .tls = process_.tls_client};
  try {
    options.endpoints = endpoints_of(service, address->second);
  } catch (const std::runtime_error& error) {
    throw StartError(ExitCode::kSettings, error.what(), "Every setting is described in the service's config.yaml.");
  }
  client = std::make_shared<http::Client>(worker_, std::move(options));
  return client;
}

std::shared_ptr<auth::ServiceTokens> WorkerPart::service_tokens() {
  if (!service_tokens_) service_tokens_ = std::make_shared<auth::ServiceTokens>(worker_, peer("auth"), service_name());
  return service_tokens_;
}

std::shared_ptr<auth::Verifier> WorkerPart::verifier() {
  if (verifier_) return verifier_;
  const IdentitySection& identity = common().identity;
  verifier_ = std::make_shared<auth::Verifier>(
      worker_, peer("auth"), auth::VerifierOptions{.issuer = identity.issuer, .audience = identity.audience});
  verifier_->on_keys_changed([this] {
    if (service_tokens_) service_tokens_->renew_after(std::chrono::steady_clock::now() + kRenewAfterKeys);
  });
  worker_.tasks().spawn("fetch token keys", fetch_keys());
  readiness(
      "token-keys", [verifier = verifier_](RequestContext&) { return ask_keys(verifier); }, Dependency::kRequired);
  return verifier_;
}

kafka::ConnectOptions WorkerPart::kafka() const {
  return {.bootstrap = common().kafka.bootstrap, .identity = process_.identity, .client_id = instance()};
}

Secret<std::string> WorkerPart::secret(const std::string& name) const {
  return read_secret(common(), name);
}

void WorkerPart::readiness(std::string name, std::function<Task<Result<void>>(RequestContext&)> check,
                           Dependency dependency) {
  process_.board->expect(worker_.index(), name, dependency);
  checks_.push_back({.name = std::move(name), .run = std::move(check)});
}

void WorkerPart::add_standard_checks() {
  for (auto& [database, pool] : pools_) {
    readiness(
        "postgres:" + database,
        [target = pool.get()](RequestContext& context) { return ask_postgres(*target, context); },
        Dependency::kRequired);
  }
  if (redis_) {
    readiness(
        "redis", [target = redis_.get()](RequestContext& context) { return ask_redis(*target, context); },
        Dependency::kOptional);
  }
}

void WorkerPart::start() {
  const unsigned needs = process_.definition.needs;
  if ((needs & kPostgres) != 0) postgres();
  if ((needs & kRedis) != 0) redis();
  add_standard_checks();
  for (Port& one : ports_) {
    const std::string& section = one.listener.section;
    const auto address = settings_as<AddressSection>(process_.settings.section(section), section);
    const auto bound = process_.ports.find(section);
    std::vector<http::Middleware> middleware = std::move(one.before_authentication);
    for (http::Middleware& step : one.middleware) middleware.push_back(std::move(step));
    one.server = std::make_unique<http::Server>(
        worker_, one.router, std::move(middleware),
        http::ServerOptions{
            .host = address.host,
            .port = bound == process_.ports.end() ? static_cast<std::uint16_t>(address.port) : bound->second,
            .tls = process_.tls_servers.at(section),
            .server_name = service_name(),
            .trust = one.listener.trust});
    try {
      one.server->start();
    } catch (const std::system_error& error) {
      throw StartError(ExitCode::kSystem,
                       fmt::format("cannot listen on {}:{}: {}", address.host, address.port, error.code().message()),
                       fmt::format("Another process may use the port; {}.port chooses another one.", section));
    }
    process_.ports[section] = one.server->port();
  }
  worker_.tasks().spawn("readiness checks", check_loop());
  worker_.tasks().spawn("heartbeat", beat_loop());
}

Task<> WorkerPart::fetch_keys() {
  auto pause = 250ms;
  while (!worker_.tasks().cancelled()) {
    RequestContext context = background_context(kKeysTimeout);
    const auto fetched = co_await verifier_->start(context);
    if (fetched) co_return;
    EVC_LOG(kWarn, "the token keys cannot be fetched yet", {{key::kReason, fetched.error().detail}});
    co_await sleep_for(worker_, pause);
    pause = std::min(pause * 2, 5000ms);
  }
}

Task<> WorkerPart::check_loop() {
  while (!worker_.tasks().cancelled()) {
    for (const Check& check : checks_) {
      RequestContext context = background_context(kCheckTimeout);
      const auto result = co_await check.run(context);
      process_.board->report(worker_.index(), check.name, result);
    }
    co_await sleep_for(worker_, kCheckInterval);
  }
}

Task<> WorkerPart::beat_loop() {
  auto delay =
      telemetry::metrics().gauge("evc_worker_loop_delay_seconds", "How late the worker's loop was at its last beat",
                                 {{"worker", std::to_string(worker_.index())}});
  while (!worker_.tasks().cancelled()) {
    process_.board->beat(worker_.index());
    const SteadyTime due = now() + kCheckInterval;
    co_await sleep_for(worker_, kCheckInterval);
    delay.set(std::max(0.0, std::chrono::duration<double>(now() - due).count()));
  }
}

void WorkerPart::begin_drain(SteadyTime deadline) {
  life_.spawn("drain", drain(deadline));
}

Task<> WorkerPart::drain(SteadyTime deadline) {
  for (Port& one : ports_) one.server->stop_accepting();
  bool finished = true;
  for (Port& one : ports_) {
    const bool quiet = co_await one.server->drain(deadline);
    finished = finished && quiet;
  }
  if (!finished) EVC_LOG(kWarn, "requests were still in flight at the end of the drain");
  for (Port& one : ports_) one.server->close_all();
  while (!drain_steps_.empty()) {
    const auto step = std::move(drain_steps_.back());
    drain_steps_.pop_back();
    co_await step();
  }
  worker_.tasks().cancel();
  const bool empty = co_await worker_.tasks().drain(deadline);
  if (!empty) {
    EVC_LOG(kWarn, "tasks did not end when told to",
            {{key::kTask, fmt::format("{}", fmt::join(worker_.tasks().names(), ", "))}});
    co_return;
  }
  close_dependencies();
  // What was closed just now has its last word to say on the loop.
  co_await life_.sleep_until(now() + kSettle);
  drained_.store(true);
}

void WorkerPart::close_dependencies() {
  if (verifier_) verifier_->close();
  for (auto& [service, client] : peers_) client->close();
  if (redis_) redis_->close();
  for (auto& [database, pool] : pools_) pool->close();
}

json::Value WorkerPart::activity() const {
  json::Array listeners;
  for (const Port& one : ports_) {
    listeners.push_back(json::Object{{"listener", one.listener.section},
                                     {"connections", one.server->connections()},
                                     {"requestsInFlight", one.server->in_flight()}});
  }
  json::Array tasks;
  for (const std::string& name : worker_.tasks().names()) tasks.push_back(json::Value(name));
  return json::Object{{"worker", worker_.index()},
                      {"listeners", std::move(listeners)},
                      {"tasks", std::move(tasks)},
                      {"deadlinesArmed", worker_.wheel().armed()}};
}

void WorkerPart::show(std::string name, std::function<json::Value()> state) {
  shown_.emplace_back(std::move(name), std::move(state));
}

json::Value WorkerPart::clusters() const {
  json::Array peers;
  for (const auto& [service, client] : peers_) peers.push_back(client->state());
  json::Object all{{"worker", worker_.index()}, {"peers", std::move(peers)}};
  for (const auto& [name, state] : shown_) all[name] = state();
  return all;
}

void WorkerPart::reload(const Settings& settings) {
  try {
    // Everything is read before anything is used.
    std::vector<std::pair<http::Client*, std::vector<http::Endpoint>>> fresh;
    for (const auto& [service, client] : peers_) {
      const auto addresses = settings.common.peers.find(service);
      if (addresses != settings.common.peers.end())
        fresh.emplace_back(client.get(), endpoints_of(service, addresses->second));
    }
    for (const auto& step : reload_steps_) step(settings);
    for (auto& [client, endpoints] : fresh) client->use_endpoints(std::move(endpoints));
  } catch (const std::exception& error) {
    EVC_LOG(kError, "new settings cannot be used; what was stays", {{key::kReason, error.what()}});
  }
}

std::vector<http::RouteInfo> WorkerPart::routes() const {
  std::vector<http::RouteInfo> all;
  for (const Port& one : ports_) {
    for (http::RouteInfo& route : one.router->routes()) all.push_back(std::move(route));
  }
  return all;
}

}  // namespace evc::service
