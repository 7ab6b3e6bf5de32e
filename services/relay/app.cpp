#include <stdexcept>

#include "kit/service/service.hpp"
#include "services/relay/settings.hpp"

namespace evc::relay {
namespace {

std::string source_of(const service::WorkerScope& scope) {
  const auto* source = scope.all_settings().tree.if_contains("source");
  if (!source || !source->is_string()) throw std::runtime_error("source: the name of a service is expected");
  return std::string(source->get_string());
}

Task<Result<void>> health_of(const messaging::Relay& relay) {
  co_return relay.health();
}

void wire(service::WorkerScope& scope) {
  if (!scope.first()) return;
  const auto source = source_of(scope);
  const auto& common = scope.all_settings().common;
  auto options = relay_options(common, scope.settings<RelaySection>("relay"), source);
  options.identity = scope.identity();
  auto& pool =
      scope.own<postgres::Pool>(scope.worker(), postgres::PoolOptions{.conninfo = relay_conninfo(common, source),
                                                                      .identity = scope.identity(),
                                                                      .size = 2,
                                                                      .application_name = scope.instance()});
  auto& relay = scope.own<messaging::Relay>(scope.worker(), pool, std::move(options));
  scope.readiness("relay", [&relay](RequestContext&) { return health_of(relay); });
  scope.worker().tasks().spawn("relay", relay.run());
}

}  // namespace
}  // namespace evc::relay

int main(int argc, char** argv) {
  return evc::service::run(
      argc, argv,
      {.name = "relay", .sections = {"source", "relay"}, .wire = evc::relay::wire, .listener = {.section = ""}});
}
