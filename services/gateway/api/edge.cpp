#include "services/gateway/api/edge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "kit/net/client_network.hpp"
#include "kit/telemetry/metrics.hpp"
#include "services/gateway/api/forward.hpp"
#include "services/gateway/pages/problem_pages.hpp"

namespace evc::gateway {
namespace {

http::Access access_of(const contracts::Route& route) {
  switch (route.access) {
    case contracts::Access::kPublic:
    case contracts::Access::kHmac:  // the signature covers the body, and the service that knows the secret checks it
      return http::Access::kPublic;
    case contracts::Access::kDriver:
      return http::Access::kToken;
    case contracts::Access::kOperator:
      return http::Access::kOperator;
    default:
      throw std::logic_error(std::string(route.operation) + " is not for the public port, and not marked internal");
  }
}

std::string name_of(std::string_view method, std::string_view path) {
  return std::string(method) + " " + std::string(path);
}

// Requests that a rate class stopped; those that it lets through are in the duration of their route.
telemetry::Counter limited(const contracts::RateClass& rate_class, std::string_view outcome) {
  return telemetry::metrics().counter(
      "gateway_limited_requests_total", "Requests that a rate limit stopped",
      {{"rate_class", std::string(rate_class.name)}, {"outcome", std::string(outcome)}});
}

Task<http::Response> hide(RequestContext& context, http::Request& request) {
  co_return http::problem({.code = Code::kNotFound}, context, request.path);
}

Task<http::Response> say_closed(RequestContext& context, http::Request& request) {
  constexpr std::chrono::seconds kComeAgain{30};
  co_return http::problem({.code = Code::kServiceUnavailable,
                           .detail = "closed for now by whoever runs the platform",
                           .retry_after = kComeAgain},
                          context, request.path);
}

// A new time of a row: from 100 ms to what the table allows.
void shorten(std::uint32_t& row_ms, std::int64_t wanted_ms, std::string_view operation) {
  constexpr std::int64_t kLeast = 100;
  if (wanted_ms == 0) return;
  if (wanted_ms < kLeast || wanted_ms > row_ms)
    throw std::runtime_error(fmt::format("the times of {} can be from {} to {} ms", operation, kLeast, row_ms));
  row_ms = static_cast<std::uint32_t>(wanted_ms);
}

std::shared_ptr<const RouteRows> changed_rows(std::span<const contracts::Route> table, const RouteChanges& changes) {
  auto rows = std::make_shared<RouteRows>(table.begin(), table.end());
  for (const auto& [operation, change] : changes) {
    const auto row = std::ranges::find(*rows, operation, &contracts::Route::operation);
    if (row == rows->end() || row->internal) throw std::runtime_error("there is no public operation " + operation);
    shorten(row->deadline_ms, change.deadline_ms, operation);
    shorten(row->try_ms, change.try_ms, operation);
  }
  return rows;
}

}  // namespace

Edge::Edge(std::span<const contracts::Route> routes, std::span<const contracts::RateClass> classes, Peers peers,
           RateLimiter& limiter, EdgeOptions options, OwnOperations own)
    : routes_(routes),
      classes_(classes),
      peers_(std::move(peers)),
      limiter_(limiter),
      options_(options),
      own_(std::move(own)),
      admission_(options.admission) {
  own_.try_emplace("getProblem", explain_problem);
  // Shown from the start: a rate over a series that is not there yet would miss its first refusals.
  for (const contracts::RateClass& rate_class : classes_)
    if (rate_class.counted != contracts::Counted::kNone) limited(rate_class, "refused").add(0);
}

void Edge::add_routes(http::Router& router, const RouteChanges& changes) {
  rows_ = changed_rows(routes_, changes);
  by_name_.clear();
  for (const contracts::Route& route : *rows_) add_route(router, route, changes);
}

void Edge::add_route(http::Router& router, const contracts::Route& route, const RouteChanges& changes) {
  if (route.internal) {
    // Named, so that it is 404 even where a public path with a parameter has the same shape.
    router.add(route.method, route.path, hide, {.access = http::Access::kPublic, .body_limit_bytes = 0});
    return;
  }
  const contracts::RateClass& rate_class = classes_[route.rate_class];
  if (rate_class.counted == contracts::Counted::kNone)
    throw std::logic_error(std::string(route.operation) + " has no rate limit");
  http::RouteOptions options{.access = access_of(route),
                             .scope = std::string(route.scope),
                             .body_limit_bytes = route.body_limit_bytes,
                             .deadline = std::chrono::milliseconds(route.deadline_ms),
                             .extent = route.subtree ? http::Extent::kSubtree : http::Extent::kExact};
  by_name_[name_of(route.method, route.path)] = &route;
  const auto change = changes.find(std::string(route.operation));
  if (change != changes.end() && change->second.closed) {
    router.add(route.method, route.path, say_closed, std::move(options));
    return;
  }
  if (route.service == "gateway") {
    const auto handler = own_.find(route.operation);
    if (handler == own_.end()) throw std::logic_error("nobody answers " + std::string(route.operation));
    router.add(route.method, route.path, handler->second, std::move(options));
    return;
  }
  const Upstream upstream{.client = peers_(std::string(route.service)),
                          .rows = rows_,
                          .route = &route,
                          .breaker = std::string(rate_class.name),
                          .stream_idle = options_.stream_idle};
  router.add(
      route.method, route.path,
      [upstream, &limit = admission_.limit_of(route.service)](RequestContext& context, http::Request& request) {
        return forward_within(limit, upstream, context, request);
      },
      std::move(options));
}

const contracts::Route* Edge::row(const http::RouteInfo& info) const {
  const auto found = by_name_.find(name_of(info.method, info.path));
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<http::Middleware> Edge::middleware() {
  return {
      // After authentication, because most classes count per subject; before anything that costs a service's time.
      [this](RequestContext& c, http::Request& r, const http::RouteInfo& i, const http::Next& next) {
        return limit(c, r, i, next);
      },
      // A keyed write without its key could not be tried again: it is refused before it is forwarded.
      [this](RequestContext& c, http::Request& r, const http::RouteInfo& i, const http::Next& next) {
        return require_key(c, r, i, next);
      },
  };
}

Task<http::Response> Edge::limit(RequestContext& context, http::Request& request, const http::RouteInfo& info,
                                 const http::Next& next) {
  const contracts::Route* route = row(info);
  if (route == nullptr) co_return co_await next(context, request);
  const contracts::RateClass& rate_class = classes_[route->rate_class];
  const bool by_subject = rate_class.counted == contracts::Counted::kSubject && !context.principal.subject.empty();
  const std::string client = by_subject ? context.principal.subject : net::client_network(request.remote_address);
  const LimitDecision decision = co_await limiter_.take(context, rate_class, client);
  http::Response response;
  if (decision.kind == LimitDecision::Kind::kAllowed) {
    response = co_await next(context, request);
  } else if (decision.kind == LimitDecision::Kind::kRefused) {
    limited(rate_class, "refused").add();
    response = http::problem({.code = Code::kRateLimited, .retry_after = decision.retry_after}, context, request.path);
  } else {
    limited(rate_class, "unavailable").add();
    response = http::problem({.code = Code::kServiceUnavailable, .detail = "sign-in is paused for a moment"}, context,
                             request.path);
  }
  response.headers.set("RateLimit-Policy", rate_limit_policy(rate_class));
  if (decision.kind != LimitDecision::Kind::kUnavailable)
    response.headers.set("RateLimit", rate_limit_state(rate_class, decision));
  co_return response;
}

Task<http::Response> Edge::require_key(RequestContext& context, http::Request& request, const http::RouteInfo& info,
                                       const http::Next& next) {
  const contracts::Route* route = row(info);
  if (route != nullptr && route->key_required) {
    const auto key = http::idempotency_key(request);
    if (!key) co_return http::problem(key.error(), context, request.path);
  }
  co_return co_await next(context, request);
}

}  // namespace evc::gateway
