#include "services/gateway/api/forward.hpp"

#include "kit/http/character_sets.hpp"
#include "kit/telemetry/log.hpp"
#include "services/gateway/domain/cookies.hpp"
#include "services/gateway/domain/header_rules.hpp"
#include "services/gateway/session/cookie_names.hpp"

namespace evc::gateway {
namespace {

// Cookies are auth's, and our own: ours go to nobody, and no service can set or see another's.
constexpr std::string_view kCookieOwner = "auth";

void add_cookies(std::string_view service, std::string_view header, http::Headers& to) {
  if (service != kCookieOwner) return;
  const std::string kept = cookies_where(header, [](std::string_view name) { return !is_own_cookie(name); });
  if (!kept.empty()) to.add("Cookie", kept);
}

bool may_set(std::string_view service, std::string_view set_cookie) {
  return service == kCookieOwner && !is_own_cookie(set_cookie.substr(0, set_cookie.find('=')));
}

http::Call call_for(const Upstream& upstream, const http::Request& request) {
  const contracts::Route& route = *upstream.route;
  http::Call call{.method = request.method == "HEAD" ? "GET" : request.method,
                  .target = request.target,
                  .route_class = std::string(route.path),
                  .breaker = upstream.breaker,
                  .try_timeout = std::chrono::milliseconds(route.try_ms),
                  .body = request.body,
                  .repeat = route.idempotent ? http::Call::Repeat::kIdempotent : http::Call::Repeat::kOnce};
  for (const auto& [name, value] : request.headers.all()) {
    if (http::equal_ignoring_case(name, "Cookie")) {
      add_cookies(route.service, value, call.headers);
    } else if (goes_to_service(name)) {
      call.headers.add(name, value);
    }
  }
  call.headers.set("X-Forwarded-For", request.remote_address);
  return call;
}

// What a client learns about a failure behind us: its kind, never where.
Error public_error(const Error& error) {
  Error shown{.code = error.code, .retry_after = error.retry_after};
  if (error.code == Code::kConnectionFailed || error.code == Code::kProtocolError) shown.code = Code::kUpstreamFailed;
  return shown;
}

http::Response answer_from(std::string_view service, http::Response upstream) {
  http::Response response{.status = upstream.status, .body = std::move(upstream.body)};
  for (const auto& [name, value] : upstream.headers.all()) {
    const bool cookie = http::equal_ignoring_case(name, "Set-Cookie");
    if (cookie ? may_set(service, value) : goes_to_client(name)) response.headers.add(name, value);
  }
  return response;
}

Task<> pass_through(std::shared_ptr<http::ResponseStream> from, std::chrono::milliseconds idle,
                    http::StreamWriter& to) {
  for (;;) {
    auto piece = co_await from->next(std::chrono::steady_clock::now() + idle);
    if (!piece || piece->empty()) co_return;
    const auto written = co_await to.write(std::move(*piece));
    if (!written) co_return;
  }
}

}  // namespace

Task<http::Response> forward(const Upstream& upstream, RequestContext& context, http::Request& request) {
  http::Call call = call_for(upstream, request);
  Result<http::StreamedResponse> answer = fail(Code::kInternal);
  if (upstream.route->stream) {
    answer = co_await upstream.client->send_streaming(context, std::move(call));
  } else {
    auto whole = co_await upstream.client->send(context, std::move(call));
    answer = whole ? Result<http::StreamedResponse>({.head = std::move(*whole), .stream = nullptr})
                   : std::unexpected(std::move(whole).error());
  }
  if (!answer) {
    EVC_LOG(kWarn, context.trace, "a service gave no answer",
            {{telemetry::key::kPeer, std::string(upstream.route->service)},
             {telemetry::key::kErrorCode, info(answer.error().code).name},
             {telemetry::key::kErrorDetail, answer.error().detail}});
    co_return http::problem(public_error(answer.error()), context, request.path);
  }
  http::Response response = answer_from(upstream.route->service, std::move(answer->head));
  if (answer->stream) {
    response.stream = [from = std::move(answer->stream), idle = upstream.stream_idle](
                          RequestContext&, http::StreamWriter& to) { return pass_through(from, idle, to); };
  }
  co_return response;
}

}  // namespace evc::gateway
