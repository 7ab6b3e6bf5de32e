#include "kit/service/admin.hpp"

#include "kit/service/settings.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::service {
namespace {

struct LevelChange {
  LogLevel level = LogLevel::kInfo;
};
BOOST_DESCRIBE_STRUCT(LevelChange, (), (level))

Task<http::Response> answer(http::Response response) {
  response.headers.set("cache-control", "no-store");
  co_return response;
}

http::Response health(const HealthBoard::Answer& state) {
  return http::Response::json(state.good ? 200 : 503, state.body);
}

http::Response metrics_text(const http::Request& request) {
  const auto format = telemetry::metrics_format(request.headers.get("accept").value_or(""));
  return http::Response::text(200, telemetry::metrics().render(format), telemetry::content_type(format));
}

// A page that is open in a browser on this machine reaches this port too; who is meant to is no browser, and says
// neither.
bool comes_from_a_page(const http::Request& request) {
  return request.headers.contains("Origin") || request.headers.contains("Sec-Fetch-Site");
}

http::Response change_level(const RequestContext& context, const http::Request& request) {
  if (comes_from_a_page(request)) return http::problem({.code = Code::kForbidden}, context, request.path);
  const auto change = http::body_as<LevelChange>(request);
  if (!change) return http::problem(change.error(), context, request.path);
  telemetry::set_log_level(telemetry_level(change->level));
  EVC_LOG(kInfo, context.trace, "the log level was changed",
          {{telemetry::key::kSetting, json::encode_text(change->level)}});
  return http::Response::json(200, json::encode(*change));
}

json::Value route_list(const std::vector<http::RouteInfo>& routes) {
  json::Array list;
  for (const http::RouteInfo& route : routes) {
    list.push_back(json::Object{{"method", route.method},
                                {"path", route.path},
                                {"deadlineMs", route.options.deadline.count()},
                                {"bodyLimitBytes", route.options.body_limit_bytes}});
  }
  return list;
}

Task<http::Response> shown(std::shared_ptr<const AdminSources> sources, std::function<Task<json::Value>()> look) {
  auto seen = co_await look();
  co_return co_await answer(http::Response::json(200, seen));
}

http::Response begin_drain(const AdminSources& sources, const RequestContext& context, const http::Request& request) {
  if (comes_from_a_page(request)) return http::problem({.code = Code::kForbidden}, context, request.path);
  sources.drain();
  return http::Response::json(202, json::Object{{"draining", true}});
}

}  // namespace

std::shared_ptr<http::Router> admin_router(AdminSources made) {
  const auto sources = std::make_shared<const AdminSources>(std::move(made));
  const auto router = std::make_shared<http::Router>();
  const http::RouteOptions open{.access = http::Access::kPublic, .body_limit_bytes = 4096};
  using Request = http::Request;
  router->add(
      "GET", "/health/live", [sources](RequestContext&, Request&) { return answer(health(sources->board->live())); },
      open);
  router->add(
      "GET", "/health/ready", [sources](RequestContext&, Request&) { return answer(health(sources->board->ready())); },
      open);
  router->add("GET", "/metrics", [](RequestContext&, Request& request) { return answer(metrics_text(request)); }, open);
  router->add(
      "GET", "/config",
      [sources](RequestContext&, Request&) { return answer(http::Response::json(200, sources->config)); }, open);
  router->add(
      "GET", "/requests", [sources](RequestContext&, Request&) { return shown(sources, sources->activity); }, open);
  router->add(
      "GET", "/clusters", [sources](RequestContext&, Request&) { return shown(sources, sources->clusters); }, open);
  router->add(
      "POST", "/drain",
      [sources](RequestContext& context, Request& request) { return answer(begin_drain(*sources, context, request)); },
      open);
  router->add(
      "GET", "/routes",
      [sources](RequestContext&, Request&) { return answer(http::Response::json(200, route_list(sources->routes))); },
      open);
  router->add(
      "GET", "/version",
      [sources](RequestContext&, Request&) {
        return answer(http::Response::json(
            200, json::Object{
                     {"service", sources->service}, {"instance", sources->instance}, {"version", sources->version}}));
      },
      open);
  router->add(
      "PUT", "/log-level",
      [](RequestContext& context, Request& request) { return answer(change_level(context, request)); }, open);
  return router;
}

}  // namespace evc::service
