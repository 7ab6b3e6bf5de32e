// evcosta-registry: the door of the schema registry. It ends mutual TLS, decides by certificate who may register what,
// and asks Apicurio behind it. Needs Apicurio; no service needs it while it runs.
#include "kit/auth/verifier.hpp"
#include "kit/service/service.hpp"
#include "services/registry/api/schemas.hpp"

namespace evc::registry_service {
namespace {

Task<Result<void>> ask(Apicurio& store, RequestContext& context) {
  co_return co_await store.ping(context);
}

void wire(service::WorkerScope& scope) {
  auto& store = scope.own<Apicurio>(scope.peer("apicurio"), scope.secret("registry-apicurio"));
  scope.own<Schemas>(store).add_routes(scope.router());
  // Callers are known by their certificates alone: no token is ever asked for.
  scope.use(auth::authenticate(nullptr));
  if (!scope.first()) return;
  scope.readiness("apicurio", [&store](RequestContext& context) { return ask(store, context); });
}

}  // namespace
}  // namespace evc::registry_service

int main(int argc, char** argv) {
  return evc::service::run(argc, argv, {.name = "registry", .wire = evc::registry_service::wire});
}
