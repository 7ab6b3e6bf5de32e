// evcosta-gateway: the public port.
#include <algorithm>

#include "contracts/routes.hpp"
#include "kit/net/client_network.hpp"
#include "kit/service/service.hpp"
#include "services/gateway/api/edge.hpp"
#include "services/gateway/api/fault_switches.hpp"
#include "services/gateway/api/telemetry_stores.hpp"
#include "services/gateway/console/console.hpp"
#include "services/gateway/session/session_routes.hpp"

namespace {

using namespace evc;

struct EdgeSection {
  std::int64_t stream_idle_ms = 90'000;
  std::int64_t limit_lease = 10;
  std::int64_t limit_lease_ms = 5'000;
  std::int64_t limit_redis_timeout_ms = 250;
  std::int64_t limit_clients = 100'000;
  std::int64_t session_remembered_ms = 5'000;
  std::string console_dir = "web/dist";
  std::map<std::string, gateway::RouteChange> routes;

  void check(SettingLimits& limits) const {
    limits.range<std::int64_t>("stream_idle_ms", stream_idle_ms, 1'000, 3'600'000);
    limits.range<std::int64_t>("limit_lease", limit_lease, 1, 1'000);
    limits.range<std::int64_t>("limit_lease_ms", limit_lease_ms, 100, 60'000);
    limits.range<std::int64_t>("limit_redis_timeout_ms", limit_redis_timeout_ms, 10, 2'000);
    limits.range<std::int64_t>("limit_clients", limit_clients, 1'000, 10'000'000);
    limits.range<std::int64_t>("session_remembered_ms", session_remembered_ms, 0, 60'000);
  }
};
BOOST_DESCRIBE_STRUCT(EdgeSection, (),
                      (stream_idle_ms, limit_lease, limit_lease_ms, limit_redis_timeout_ms, limit_clients,
                       session_remembered_ms, console_dir, routes))

// Of the process: its files are in memory once.
gateway::Console& console(const EdgeSection& settings) {
  static gateway::Console files(settings.console_dir);
  return files;
}

Task<http::Response> console_answer(RequestContext& context, http::Request& request, const gateway::Console& files) {
  co_return files.answer(context, request);
}

Task<http::Response> to_the_console(RequestContext&, http::Request&) {
  http::Response response = http::Response::empty(308);
  response.headers.add("Location", "/console/");
  co_return response;
}

Task<Result<Principal>> verify(std::shared_ptr<auth::Verifier> verifier, RequestContext& context, std::string token) {
  co_return co_await verifier->verify(context, token);
}

// Cookies that nobody knows cost auth a question each: they are counted where they come from, as refreshes are.
Task<Result<void>> admit(gateway::RateLimiter& limiter, RequestContext& context, std::string address) {
  static const contracts::RateClass& refreshes =
      *std::ranges::find(contracts::rate_classes(), std::string_view("refresh"), &contracts::RateClass::name);
  const auto decision = co_await limiter.take(context, refreshes, net::client_network(address));
  if (decision.kind == gateway::LimitDecision::Kind::kAllowed) co_return Result<void>{};
  co_return std::unexpected(Error{.code = Code::kRateLimited, .retry_after = decision.retry_after});
}

gateway::OwnOperations own_operations(service::WorkerScope& scope, gateway::RateLimiter& limiter,
                                      const EdgeSection& settings) {
  auto& auth = scope.own<gateway::AuthCalls>(scope.peer("auth"));
  const gateway::SessionGuards guards{
      .admit = [&limiter](RequestContext& context,
                          const http::Request& request) { return admit(limiter, context, request.remote_address); },
      .verify = [verifier = scope.verifier()](
                    RequestContext& context,
                    std::string token) { return verify(verifier, context, std::move(token)); }};
  auto& sessions = scope.own<gateway::BrowserSessions>(
      auth, guards,
      gateway::SessionOptions{.origin = scope.all_settings().common.identity.issuer,
                              .remembered = std::chrono::milliseconds(settings.session_remembered_ms)});
  auto& routes = scope.own<gateway::SessionRoutes>(sessions, auth, guards.verify);
  scope.use_before_authentication(sessions.before_authentication());
  const gateway::Console& files = console(settings);
  using Request = http::Request;
  return {{"getConsole", to_the_console},
          {"getConsoleFile", [&files](RequestContext& c, Request& r) { return console_answer(c, r, files); }},
          {"getBrowserSession", [&routes](RequestContext& c, Request& r) { return routes.show(c, r); }},
          {"startBrowserSignIn", [&routes](RequestContext& c, Request& r) { return routes.login(c, r); }},
          {"endBrowserSignIn", [&routes](RequestContext& c, Request& r) { return routes.callback(c, r); }},
          {"logoutBrowser", [&routes](RequestContext& c, Request& r) { return routes.logout(c, r); }}};
}

void reload(service::WorkerScope& scope, gateway::Edge& edge, const service::Settings& fresh) {
  const auto settings = settings_as<EdgeSection>(fresh.section("edge"), "edge");
  http::Router router;
  edge.add_routes(router, settings.routes);
  scope.router().replace_by(router);
  if (scope.first()) console(settings).reload();
}

struct StoresSection {
  std::string traces = "127.0.0.1:8479";
  std::string logs = "127.0.0.1:8480";
  std::string metrics = "127.0.0.1:8481";
};
BOOST_DESCRIBE_STRUCT(StoresSection, (), (traces, logs, metrics))

http::Endpoint store_address(const std::string& name, const std::string& text) {
  std::vector<service::PeerAddress> addresses = service::parse_addresses("telemetry_stores." + name, text);
  return {std::move(addresses.front().host), addresses.front().port};
}

struct FaultsSection {
  std::string dir;
};
BOOST_DESCRIBE_STRUCT(FaultsSection, (), (dir))

gateway::TelemetryStores& telemetry_stores(service::WorkerScope& scope) {
  const auto settings = scope.settings<StoresSection>("telemetry_stores");
  return scope.own<gateway::TelemetryStores>(
      scope.worker(), gateway::StoreAddresses{.traces = store_address("traces", settings.traces),
                                              .logs = store_address("logs", settings.logs),
                                              .metrics = store_address("metrics", settings.metrics)});
}

void wire(service::WorkerScope& scope) {
  const auto settings = scope.settings<EdgeSection>("edge");
  const gateway::LimiterOptions limits{.lease = settings.limit_lease,
                                       .lease_time = std::chrono::milliseconds(settings.limit_lease_ms),
                                       .redis_timeout = std::chrono::milliseconds(settings.limit_redis_timeout_ms),
                                       .clients = static_cast<std::size_t>(settings.limit_clients)};
  auto& shared = scope.own<gateway::RedisLimits>(scope.redis());
  auto& limiter = scope.own<gateway::RateLimiter>(shared, limits);
  const gateway::Peers peers = [&scope](const std::string& name) { return scope.peer(name); };
  const gateway::EdgeOptions options{.stream_idle = std::chrono::milliseconds(settings.stream_idle_ms)};
  gateway::OwnOperations own = own_operations(scope, limiter, settings);
  own.merge(telemetry_stores(scope).handlers());
  own.merge(scope.own<gateway::FaultSwitches>(scope.settings<FaultsSection>("faults").dir).handlers());
  auto& edge =
      scope.own<gateway::Edge>(contracts::routes(), contracts::rate_classes(), peers, limiter, options, std::move(own));
  edge.add_routes(scope.router(), settings.routes);
  scope.show("limits", [&edge] { return edge.admission().state(); });
  scope.on_reload([&scope, &edge](const service::Settings& fresh) { reload(scope, edge, fresh); });
  for (http::Middleware& step : edge.middleware()) scope.use(std::move(step));
}

}  // namespace

int main(int argc, char** argv) {
  service::Definition definition{
      .name = "gateway",
      .needs = service::kRedis | service::kAuth,
      .sections = {"edge", "telemetry_stores", "faults"},
      .wire = wire,
      .listener = {.trust = http::ServerOptions::Trust::kPublic, .client_certificate = net::ClientCertificate::kNone}};
  return service::run(argc, argv, std::move(definition));
}
