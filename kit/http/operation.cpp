#include "kit/http/operation.hpp"

#include <stdexcept>
#include <string>

#include "contracts/routes.hpp"

namespace evc::http {
namespace {

// Time that the gateway keeps for itself out of a try: the service answers before its caller gives up.
constexpr std::chrono::milliseconds kEdgeShare{500};

const contracts::Route& find(std::string_view operation) {
  for (const contracts::Route& route : contracts::routes()) {
    if (route.operation == operation) return route;
  }
  throw std::logic_error("no operation " + std::string(operation) + " in contracts/routes.yaml");
}

Access access_of(const contracts::Route& route) {
  switch (route.access) {
    case contracts::Access::kPublic:
    case contracts::Access::kHmac:  // the service checks the signature itself
      return Access::kPublic;
    case contracts::Access::kDriver:
      return Access::kToken;
    case contracts::Access::kOperator:
      return Access::kOperator;
    case contracts::Access::kService:
      return Access::kService;
    case contracts::Access::kPeer:
      return Access::kPeer;
  }
  throw std::logic_error("unknown access");
}

}  // namespace

std::string_view operation_path(std::string_view operation) {
  return find(operation).path;
}

void add_operation(Router& router, std::string_view service, std::string_view operation, Handler handler) {
  const contracts::Route& route = find(operation);
  if (route.service != service)
    throw std::logic_error(std::string(operation) + " belongs to " + std::string(route.service));
  RouteOptions options;
  options.access = access_of(route);
  options.scope = route.scope;
  options.callers.assign(route.callers.begin(), route.callers.end());
  options.body_limit_bytes = route.body_limit_bytes;
  options.deadline = std::chrono::milliseconds(route.try_ms) - kEdgeShare;
  router.add(route.method, route.path, std::move(handler), std::move(options));
}

Response no_store(Response response) {
  response.headers.set("cache-control", "no-store");
  return response;
}

}  // namespace evc::http
