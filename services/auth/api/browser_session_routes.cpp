#include "services/auth/api/browser_session_routes.hpp"

namespace evc::auth_service {
namespace {

using http::Request;
using http::Response;

struct Handle {
  std::string handle;
};
BOOST_DESCRIBE_STRUCT(Handle, (), (handle))

struct Begun {
  WallTime expires_at{};
};
BOOST_DESCRIBE_STRUCT(Begun, (), (expires_at))

Task<Response> begin(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<BrowserSessionBegin>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto expires_at = co_await api.browsers.begin(context, std::move(*body));
  if (!expires_at) co_return http::no_store(http::problem(expires_at.error(), context, request.path));
  co_return http::no_store(Response::json(201, json::encode(Begun{.expires_at = *expires_at})));
}

Task<Response> use(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<BrowserSessionQuestion>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto used = co_await api.browsers.use(context, std::move(*body));
  if (!used) co_return http::no_store(http::problem(used.error(), context, request.path));
  co_return http::no_store(Response::json(200, json::encode(*used)));
}

Task<Response> end(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<Handle>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto ended = co_await api.browsers.end(context, std::move(body->handle));
  if (!ended) co_return http::no_store(http::problem(ended.error(), context, request.path));
  co_return http::no_store(Response::empty(204));
}

}  // namespace

void add_browser_session_routes(http::Operations<Api>& operations) {
  operations.add("beginBrowserSession", begin);
  operations.add("useBrowserSession", use);
  operations.add("endBrowserSession", end);
}

}  // namespace evc::auth_service
