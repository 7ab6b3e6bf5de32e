// evcosta-gateway: the public port.
#include "contracts/routes.hpp"
#include "kit/service/service.hpp"
#include "services/gateway/api/edge.hpp"

namespace {

using namespace evc;

struct EdgeSection {
  std::int64_t stream_idle_ms = 90'000;
  std::int64_t limit_lease = 10;
  std::int64_t limit_lease_ms = 5'000;
  std::int64_t limit_redis_timeout_ms = 250;
  std::int64_t limit_clients = 100'000;

  void check(SettingLimits& limits) const {
    limits.range<std::int64_t>("stream_idle_ms", stream_idle_ms, 1'000, 3'600'000);
    limits.range<std::int64_t>("limit_lease", limit_lease, 1, 1'000);
    limits.range<std::int64_t>("limit_lease_ms", limit_lease_ms, 100, 60'000);
    limits.range<std::int64_t>("limit_redis_timeout_ms", limit_redis_timeout_ms, 10, 2'000);
    limits.range<std::int64_t>("limit_clients", limit_clients, 1'000, 10'000'000);
  }
};
BOOST_DESCRIBE_STRUCT(EdgeSection, (),
                      (stream_idle_ms, limit_lease, limit_lease_ms, limit_redis_timeout_ms, limit_clients))

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
  auto& edge = scope.own<gateway::Edge>(contracts::routes(), contracts::rate_classes(), peers, limiter, options);
  edge.add_routes(scope.router());
  for (http::Middleware& step : edge.middleware()) scope.use(std::move(step));
}

}  // namespace

int main(int argc, char** argv) {
  service::Definition definition{
      .name = "gateway",
      .needs = service::kRedis | service::kAuth,
      .sections = {"edge"},
      .wire = wire,
      .listener = {.trust = http::ServerOptions::Trust::kPublic, .client_certificate = net::ClientCertificate::kNone}};
  return service::run(argc, argv, std::move(definition));
}
