// The gateway's edge in one process for its tests: a public server, the edge, and a service behind it that plays a
// script, over real sockets.
#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "kit/http/server.hpp"
#include "kit/testing/raw_peer.hpp"
#include "kit/testing/run_task.hpp"
#include "services/gateway/api/edge.hpp"
#include "services/gateway/pages/problem_pages.hpp"

namespace evc::gateway {

using namespace std::chrono_literals;
using contracts::Access;
using contracts::Counted;
using contracts::Route;
using contracts::WithoutCache;
using testing::RawPeer;
using testing::run_task;

inline constexpr std::string_view kGatewayOnly[] = {"gateway"};

inline const contracts::RateClass kClasses[] = {
    {.name = "read",
     .counted = Counted::kSubject,
     .per_minute = 600,
     .burst = 300,
     .without_cache = WithoutCache::kLocalBucket},
    {.name = "sign-in",
     .counted = Counted::kAddress,
     .per_minute = 60,
     .burst = 3,
     .without_cache = WithoutCache::kRefuse},
    {.name = "tight",
     .counted = Counted::kSubject,
     .per_minute = 60,
     .burst = 2,
     .without_cache = WithoutCache::kLocalBucket},
    {.name = "internal",
     .counted = Counted::kNone,
     .per_minute = 0,
     .burst = 0,
     .without_cache = WithoutCache::kLocalBucket},
};

inline Route row(std::string_view method, std::string_view path, std::string_view operation,
                 std::size_t rate_class = 0) {
  return {.method = method,
          .path = path,
          .service = "charging",
          .operation = operation,
          .access = Access::kDriver,
          .scope = "",
          .rate_class = rate_class,
          .deadline_ms = 3'000,
          .try_ms = 200,
          .body_limit_bytes = method == "GET" ? 0U : 1'000U,
          .idempotent = true,
          .key_required = false,
          .stream = false,
          .internal = false,
          .callers = kGatewayOnly};
}

inline std::vector<Route> make_table() {
  std::vector<Route> table{row("GET", "/things/{id}", "get"),
                           row("POST", "/start", "start"),
                           row("POST", "/once", "once"),
                           row("GET", "/events", "events"),
                           row("POST", "/sign-in", "signIn", 1),
                           row("GET", "/tight", "tight", 2),
                           row("GET", "/things/internal", "hidden", 3),
                           row("GET", "/problems/{code}", "getProblem"),
                           row("GET", "/sign-in-page", "signInPage")};
  table[1].key_required = true;
  table[2].idempotent = false;
  table[3].stream = true;
  table[4].access = Access::kPublic;
  table[6].access = Access::kService;
  table[6].internal = true;
  table[7].access = Access::kPublic;
  table[7].service = "gateway";
  table[8].access = Access::kPublic;
  table[8].service = "auth";
  return table;
}

// The shared limit as Redis keeps it, or as it is when Redis is gone.
class ScriptedLimits final : public SharedLimits {
 public:
  Task<Result<redis::Verdict>> take(RequestContext& context, std::string key, redis::Limit limit,
                                    std::int64_t cost) override {
    asked.push_back(key);
    if (gone) co_return fail(Code::kCacheUnavailable, "gone");
    auto& bucket =
        buckets
            .try_emplace(key,
                         resilience::TokenBucket({.burst = limit.burst, .count = limit.count, .period = limit.period}))
            .first->second;
    const auto verdict = bucket.take(context.clock->steady(), cost);
    co_return redis::Verdict{.allowed = verdict.allowed,
                             .remaining = verdict.remaining,
                             .retry_after = verdict.retry_after,
                             .reset_after = verdict.reset_after};
  }
  bool gone = false;
  std::vector<std::string> asked;
  std::map<std::string, resilience::TokenBucket> buckets;
};

struct Service {
  std::deque<http::Response> answers{http::Response::text(200, "ok")};
  std::chrono::milliseconds delay{0};
  std::vector<http::Request> seen;
};

inline Task<http::Response> play(Worker& worker, Service& service, http::Request& request) {
  service.seen.push_back(request);
  if (service.delay.count() > 0) co_await sleep_for(worker, service.delay);
  http::Response answer = service.answers.front();
  if (service.answers.size() > 1) service.answers.pop_front();
  co_return answer;
}

inline Task<> tick(Worker& worker, bool& left, http::StreamWriter& writer) {
  for (;;) {
    const auto written = co_await writer.write("data: tick\n\n");
    if (!written) break;
    co_await sleep_for(worker, 20ms);
  }
  left = true;
}

inline Task<http::Response> stream(Worker& worker, bool& left) {
  http::Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.stream = [&worker, &left](RequestContext&, http::StreamWriter& writer) {
    return tick(worker, left, writer);
  };
  co_return response;
}

// Stands for authentication: the token's text is the subject.
inline Task<http::Response> believe(RequestContext& context, http::Request& request, const http::RouteInfo& info,
                                    const http::Next& next) {
  const auto token = request.headers.get("Authorization");
  if (info.options.access != http::Access::kPublic) {
    if (!token) co_return http::problem({.code = Code::kUnauthenticated}, context, request.path);
    context.principal = {.kind = Principal::Kind::kDriver, .subject = std::string(*token)};
  }
  co_return co_await next(context, request);
}

inline http::Response status(int value, std::string name = "", std::string text = "") {
  http::Response response = http::Response::text(value, "from the service");
  if (!name.empty()) response.headers.add(name, text);
  return response;
}

class GatewayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto routes = std::make_shared<http::Router>();
    const auto handler = [this](RequestContext&, http::Request& request) { return play(worker, service, request); };
    routes->add("GET", "/things/{id}", handler);
    for (const char* path : {"/start", "/once", "/sign-in"}) routes->add("POST", path, handler);
    for (const char* path : {"/tight", "/sign-in-page"}) routes->add("GET", path, handler);
    routes->add("GET", "/events", [this](RequestContext&, http::Request&) { return stream(worker, stream_left); });
    upstream = std::make_unique<http::Server>(worker, routes, std::vector<http::Middleware>(),
                                              http::ServerOptions{.server_name = "charging"});
    upstream->start();
    client = std::make_shared<http::Client>(worker, http::ClientOptions{.service = "charging",
                                                                        .endpoints = {{"127.0.0.1", upstream->port()}},
                                                                        .retry = {.base = 5ms, .cap = 10ms},
                                                                        .breaker = {.open_for = 200ms}});
    edge =
        std::make_unique<Edge>(table, kClasses, [this](const std::string&) { return client; }, limiter, EdgeOptions{});
    edge->add_routes(*router);
    std::vector<http::Middleware> middleware{believe};
    for (auto& step : edge->middleware()) middleware.push_back(std::move(step));
    front = std::make_unique<http::Server>(
        worker, router, std::move(middleware),
        http::ServerOptions{.server_name = "gateway", .trust = http::ServerOptions::Trust::kPublic});
    front->start();
  }
  void TearDown() override {
    front->close_all();
    client->close();
    upstream->close_all();
    testing::run_until(worker, [&] { return front->connections() + upstream->connections() == 0; }, 5s);
  }
  RawPeer::Answer ask(std::string_view method, std::string_view path, std::string_view headers = "",
                      std::string_view body = "") {
    return RawPeer(worker, front->port()).exchange(request(method, path, headers, body));
  }
  static std::string request(std::string_view method, std::string_view path, std::string_view headers = "",
                             std::string_view body = "") {
    std::string text = std::string(method) + " " + std::string(path) +
                       " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer me\r\n" + std::string(headers);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + std::string(body);
  }

  Worker worker;
  Service service;
  bool stream_left = false;
  ScriptedLimits shared;
  RateLimiter limiter{shared, {}};
  const std::vector<Route> table = make_table();
  std::unique_ptr<http::Server> upstream;
  std::shared_ptr<http::Client> client;
  std::shared_ptr<http::Router> router = std::make_shared<http::Router>();
  std::unique_ptr<Edge> edge;
  std::unique_ptr<http::Server> front;
};

}  // namespace evc::gateway
