#include "simulators/fault_gate/control.hpp"

#include <algorithm>

namespace evc::fault_gate {

namespace {

using Gates = std::vector<std::unique_ptr<Gate>>;

const http::RouteOptions kOpen{.access = http::Access::kPublic};

json::Object describe(const Gate& gate) {
  const auto& options = gate.options();
  const auto counts = gate.counts();
  return {{"name", options.name},
          {"listen", gate.port()},
          {"target", options.target_host + ":" + std::to_string(options.target_port)},
          {"fault", describe(gate.fault())},
          {"accepted", counts.accepted},
          {"open", counts.open},
          {"bytesUp", counts.bytes_up},
          {"bytesDown", counts.bytes_down}};
}

Gate* find(const Gates& gates, const http::Request& request) {
  const auto name = request.path_parameter("name");
  const auto found =
      std::ranges::find_if(gates, [&](const auto& gate) { return name && gate->options().name == *name; });
  return found == gates.end() ? nullptr : found->get();
}

Task<http::Response> list(const Gates& gates) {
  json::Array all;
  for (const auto& gate : gates) all.push_back(describe(*gate));
  co_return http::Response::json(200, json::Object{{"gates", std::move(all)}});
}

Task<http::Response> show(const Gates& gates, RequestContext& context, http::Request& request) {
  const auto* gate = find(gates, request);
  if (!gate) co_return http::problem(Error{.code = Code::kNotFound, .detail = "there is no such gate"}, context);
  co_return http::Response::json(200, describe(*gate));
}

Task<http::Response> change(const Gates& gates, RequestContext& context, http::Request& request) {
  auto* gate = find(gates, request);
  if (!gate) co_return http::problem(Error{.code = Code::kNotFound, .detail = "there is no such gate"}, context);
  const auto fault = read_fault(request.body);
  if (!fault) co_return http::problem(fault.error(), context);
  gate->set(*fault);
  co_return http::Response::json(200, describe(*gate));
}

Task<http::Response> pass_all(const Gates& gates) {
  for (const auto& gate : gates) gate->set({});
  co_return http::Response::empty();
}

}  // namespace

std::shared_ptr<http::Router> control_routes(Gates& gates) {
  auto router = std::make_shared<http::Router>();
  router->add("GET", "/gates", [&gates](RequestContext&, http::Request&) { return list(gates); }, kOpen);
  router->add(
      "GET", "/gates/{name}",
      [&gates](RequestContext& context, http::Request& request) { return show(gates, context, request); }, kOpen);
  router->add(
      "PUT", "/gates/{name}",
      [&gates](RequestContext& context, http::Request& request) { return change(gates, context, request); }, kOpen);
  router->add("DELETE", "/gates", [&gates](RequestContext&, http::Request&) { return pass_all(gates); }, kOpen);
  return router;
}

}  // namespace evc::fault_gate
