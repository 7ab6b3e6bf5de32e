// The gateway's edge in one process: a public server, the edge, and services behind it, over real sockets.
#include <gtest/gtest.h>

#include <deque>

#include "kit/http/server.hpp"
#include "kit/testing/raw_peer.hpp"
#include "kit/testing/run_task.hpp"
#include "services/gateway/api/edge.hpp"
#include "services/gateway/pages/problem_pages.hpp"

namespace evc::gateway {
namespace {

using namespace std::chrono_literals;
using contracts::Access;
using contracts::Counted;
using contracts::Route;
using contracts::WithoutCache;
using testing::RawPeer;
using testing::run_task;

constexpr std::string_view kGatewayOnly[] = {"gateway"};

const contracts::RateClass kClasses[] = {
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

Route row(std::string_view method, std::string_view path, std::string_view operation, std::size_t rate_class = 0) {
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

std::vector<Route> make_table() {
  std::vector<Route> table{row("GET", "/things/{id}", "get"),
                           row("POST", "/start", "start"),
                           row("POST", "/once", "once"),
                           row("GET", "/events", "events"),
                           row("POST", "/sign-in", "signIn", 1),
                           row("GET", "/tight", "tight", 2),
                           row("GET", "/things/internal", "hidden", 3),
                           row("GET", "/problems/{code}", "getProblem")};
  table[1].key_required = true;
  table[2].idempotent = false;
  table[3].stream = true;
  table[4].access = Access::kPublic;
  table[6].access = Access::kService;
  table[6].internal = true;
  table[7].access = Access::kPublic;
  table[7].service = "gateway";
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

Task<http::Response> play(Worker& worker, Service& service, http::Request& request) {
  service.seen.push_back(request);
  if (service.delay.count() > 0) co_await sleep_for(worker, service.delay);
  http::Response answer = service.answers.front();
  if (service.answers.size() > 1) service.answers.pop_front();
  co_return answer;
}

Task<> tick(Worker& worker, bool& left, http::StreamWriter& writer) {
  for (;;) {
    const auto written = co_await writer.write("data: tick\n\n");
    if (!written) break;
    co_await sleep_for(worker, 20ms);
  }
  left = true;
}

Task<http::Response> stream(Worker& worker, bool& left) {
  http::Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.stream = [&worker, &left](RequestContext&, http::StreamWriter& writer) {
    return tick(worker, left, writer);
  };
  co_return response;
}

// Stands for authentication: the token's text is the subject.
Task<http::Response> believe(RequestContext& context, http::Request& request, const http::RouteInfo& info,
                             const http::Next& next) {
  const auto token = request.headers.get("Authorization");
  if (info.options.access != http::Access::kPublic) {
    if (!token) co_return http::problem({.code = Code::kUnauthenticated}, context, request.path);
    context.principal = {.kind = Principal::Kind::kDriver, .subject = std::string(*token)};
  }
  co_return co_await next(context, request);
}

http::Response status(int value, std::string name = "", std::string text = "") {
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
    routes->add("GET", "/tight", handler);
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
  }, OwnOperations{{"getProblem", explain_problem}},
        limiter, EdgeOptions{});
  auto router = std::make_shared<http::Router>();
  edge->add_routes(*router);
  std::vector<http::Middleware> middleware{believe};
  for (auto& step : edge->middleware()) middleware.push_back(std::move(step));
  front = std::make_unique<http::Server>(
      worker, router, std::move(middleware),
      http::ServerOptions{.server_name = "gateway", .trust = http::ServerOptions::Trust::kPublic});
  front->start();
} void TearDown() override {
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
std::unique_ptr<Edge> edge;
std::unique_ptr<http::Server> front;
};

TEST_F(GatewayTest, ForwardsAndAnswers) {
  service.answers = {status(201, "Location", "/things/1")};
  const auto answer = ask("POST", "/start", "Idempotency-Key: k1\r\nContent-Type: application/json\r\n", "{}");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "from the service");
  EXPECT_EQ(answer.headers.get("Location"), "/things/1");
  ASSERT_EQ(service.seen.size(), 1U);
  EXPECT_EQ(service.seen[0].body, "{}");
  EXPECT_EQ(service.seen[0].headers.get("Authorization"), "Bearer me");
  EXPECT_EQ(service.seen[0].headers.get("Idempotency-Key"), "k1");
  ask("GET", "/things/a%20b?q=1%2B1");
  EXPECT_EQ(service.seen[1].target, "/things/a%20b?q=1%2B1");
}

TEST_F(GatewayTest, HeadersFromOutsideThatAreOursAreDropped) {
  ask("GET", "/things/1",
      "evc-deadline-ms: 1\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Host: evil\r\nForwarded: "
      "for=9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\nTE: trailers\r\n"
      "Proxy-Authorization: x\r\nConnection: keep-alive, X-Secret\r\nX-Secret: 1\r\nX-Own: kept\r\n");
  ASSERT_EQ(service.seen.size(), 1U);
  const http::Headers& seen = service.seen[0].headers;
  EXPECT_EQ(seen.get("X-Forwarded-For"), "127.0.0.1");
  EXPECT_EQ(seen.get("X-Own"), "kept");
  EXPECT_GT(std::stoi(std::string(seen.get("evc-deadline-ms").value_or("0"))), 100);
  for (const char* name : {"X-Forwarded-Host", "Forwarded", "X-Real-IP", "TE", "Proxy-Authorization", "X-Secret"})
    EXPECT_FALSE(seen.contains(name)) << name;
}

TEST_F(GatewayTest, AnswersCarryOurHeadersOnly) {
  service.answers = {status(200, "Server", "secret/1.0")};
  const auto answer =
      ask("GET", "/things/1", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00\r\n");
  EXPECT_FALSE(answer.headers.contains("Server"));
  EXPECT_EQ(answer.headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_TRUE(answer.headers.get("traceresponse")->starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_TRUE(answer.headers.get("traceresponse")->ends_with("-01")) << "the flag from outside decides nothing";
  EXPECT_EQ(answer.headers.get("RateLimit-Policy"), "\"read\";q=300;w=30");
  EXPECT_TRUE(answer.headers.get("RateLimit")->starts_with("\"read\";r=299;t="));
  const auto& seen = service.seen[0].headers;
  EXPECT_TRUE(seen.get("traceparent")->starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_NE(seen.get("traceparent"), answer.headers.get("traceresponse")) << "the try has a span of its own";
}

TEST_F(GatewayTest, WhatIsNotInTheTableDoesNotExist) {
  EXPECT_EQ(ask("GET", "/nothing").status, 404);
  EXPECT_EQ(ask("DELETE", "/things/1").status, 405);
  EXPECT_EQ(ask("GET", "/things/internal").status, 404)
      << "internal operations are hidden even where a public path has their shape";
  EXPECT_TRUE(service.seen.empty());
}

TEST_F(GatewayTest, KeysAreRequiredAtTheEdge) {
  EXPECT_NE(ask("POST", "/start", "", "{}").body.find("idempotency-key-missing"), std::string::npos);
  EXPECT_NE(ask("POST", "/start", "Idempotency-Key: a b\r\n", "{}").body.find("idempotency-key-invalid"),
            std::string::npos);
  EXPECT_TRUE(service.seen.empty());
}

TEST_F(GatewayTest, BodiesAboveTheRoutesLimitAre413) {
  EXPECT_EQ(ask("POST", "/start", "Idempotency-Key: k\r\n", std::string(1'001, 'x')).status, 413);
  EXPECT_EQ(ask("GET", "/things/1", "", "body").status, 413);
  EXPECT_TRUE(service.seen.empty());
}

TEST_F(GatewayTest, FailuresAreTriedAgainWhereTheContractAllows) {
  service.answers = {status(503), status(502), status(200)};
  EXPECT_EQ(ask("GET", "/things/1").status, 200);
  EXPECT_EQ(service.seen.size(), 3U);
  service.answers = {status(503)};
  service.seen.clear();
  EXPECT_EQ(ask("POST", "/once", "", "{}").status, 503);
  EXPECT_EQ(service.seen.size(), 1U);
}

TEST_F(GatewayTest, AFirstTryThatStillRunsIsAskedAgain) {
  service.answers = {status(409, "Retry-After", "0"), status(409, "Retry-After", "0"), status(201)};
  EXPECT_EQ(ask("POST", "/start", "Idempotency-Key: k\r\n", "{}").status, 201);
  EXPECT_EQ(service.seen.size(), 3U);
}

TEST_F(GatewayTest, AServiceThatHangsIs504AfterThreeTries) {
  service.delay = 1s;
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = ask("GET", "/things/1");
  EXPECT_EQ(answer.status, 504);
  EXPECT_NE(answer.body.find("upstream-timeout"), std::string::npos);
  EXPECT_EQ(service.seen.size(), 3U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST_F(GatewayTest, AServiceThatIsGoneIs502) {
  upstream->close_all();
  upstream->stop_accepting();
  const auto answer = ask("GET", "/things/1");
  EXPECT_EQ(answer.status, 502);
  EXPECT_NE(answer.body.find("upstream-failed"), std::string::npos);
  EXPECT_EQ(answer.body.find("127.0.0.1"), std::string::npos) << "nobody outside learns where a service lives";
}

TEST_F(GatewayTest, TheBreakerAnswersAtOnceAndHeals) {
  service.answers = {status(500)};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask("GET", "/things/1").status, 500);
  const auto suspended = ask("GET", "/things/1");
  EXPECT_EQ(suspended.status, 503);
  EXPECT_NE(suspended.body.find("circuit-open"), std::string::npos);
  EXPECT_TRUE(suspended.headers.contains("Retry-After"));
  EXPECT_EQ(service.seen.size(), 10U);
  service.answers = {status(200)};
  run_task(worker, sleep_for(worker, 220ms));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask("GET", "/things/1").status, 200);
}

TEST_F(GatewayTest, StreamsPassThroughAndEndWithTheClient) {
  RawPeer peer(worker, front->port());
  peer.send(request("GET", "/events"));
  const std::string begin = peer.receive_until("data: tick\n\n");
  EXPECT_NE(begin.find("text/event-stream"), std::string::npos);
  peer.receive_until("data: tick\n\n");
  EXPECT_FALSE(stream_left);
  peer.close();
  EXPECT_TRUE(testing::run_until(
      worker, [&] { return stream_left; }, 5s))
      << "the service must learn that its listener left";
}

TEST_F(GatewayTest, LimitsCountPerSubject) {
  EXPECT_EQ(ask("GET", "/tight").status, 200);
  EXPECT_EQ(ask("GET", "/tight").status, 200);
  const auto refused = ask("GET", "/tight");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  EXPECT_EQ(refused.headers.get("RateLimit-Policy"), "\"tight\";q=2;w=2");
  EXPECT_TRUE(refused.headers.get("RateLimit")->starts_with("\"tight\";r=0;t="));
  RawPeer other(worker, front->port());
  EXPECT_EQ(other.exchange("GET /tight HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer somebody-else\r\n\r\n").status,
            200);
}

TEST_F(GatewayTest, LimitsReachRedisAsDigestsOnly) {
  ask("GET", "/things/1");
  ASSERT_EQ(shared.asked.size(), 1U);
  EXPECT_TRUE(shared.asked[0].starts_with("gateway:limit:read:"));
  EXPECT_EQ(shared.asked[0].find("me"), std::string::npos);
  for (int i = 0; i < 9; ++i) ask("GET", "/things/1");
  EXPECT_EQ(shared.asked.size(), 1U) << "ten tokens were leased at once";
  ask("GET", "/things/1");
  EXPECT_EQ(shared.asked.size(), 2U);
}

TEST_F(GatewayTest, WithoutRedisReadsGoOnAndSignInIsRefused) {
  shared.gone = true;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("GET", "/things/1").status, 200);
  EXPECT_EQ(shared.asked.size(), 1U) << "Redis is left alone for a moment after it failed";
  const auto sign_in = ask("POST", "/sign-in", "", "{}");
  EXPECT_EQ(sign_in.status, 503);
  EXPECT_TRUE(sign_in.headers.contains("Retry-After"));
  for (int i = 0; i < 3; ++i) ask("GET", "/tight");
  EXPECT_EQ(ask("GET", "/tight").status, 429) << "the worker's own bucket still holds";
}

TEST_F(GatewayTest, ProblemsAreExplained) {
  const auto json = ask("GET", "/problems/station-offline", "Accept-Language: en\r\n");
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(json.headers.get("Content-Language"), "en");
  EXPECT_NE(json.body.find("\"code\":\"station-offline\""), std::string::npos);
  const auto page = ask("GET", "/problems/station-offline", "Accept: text/html\r\n");
  EXPECT_EQ(page.headers.get("Content-Language"), "pt-BR");
  EXPECT_NE(page.body.find("<html lang=\"pt-BR\">"), std::string::npos);
  EXPECT_EQ(ask("GET", "/problems/unheard-of").status, 404);
}

TEST_F(GatewayTest, CookiesOfOursReachNoServiceAndNoServiceSetsOne) {
  service.answers = {status(200, "Set-Cookie", "__Host-evcosta=planted; Path=/; Secure")};
  const auto answer = ask("GET", "/things/1", "Cookie: __Host-evcosta=h; other=1\r\n");
  EXPECT_FALSE(answer.headers.contains("Set-Cookie"));
  EXPECT_FALSE(service.seen[0].headers.contains("Cookie"));
}

TEST_F(GatewayTest, ChangedRowsCountFromTheNextRequestOn) {
  RawPeer peer(worker, front->port());
  service.delay = 100ms;
  peer.send(request("GET", "/things/1"));
  ASSERT_TRUE(testing::run_until(worker, [&] { return service.seen.size() == 1; }, 5s));
  http::Router closed;
  edge->add_routes(closed, {{"get", {.closed = true}}, {"start", {.deadline_ms = 1'000}}});
  router->replace_by(closed);
  EXPECT_EQ(peer.receive().status, 200) << "what is under way ends as it began";
  const auto refused = peer.exchange(request("GET", "/things/1"));
  EXPECT_EQ(refused.status, 503) << "on the same connection";
  EXPECT_EQ(refused.headers.get("Retry-After"), "30");
  EXPECT_EQ(ask("POST", "/once", "", "{}").status, 200);
  http::Router again;
  edge->add_routes(again, {});
  router->replace_by(again);
  EXPECT_EQ(peer.exchange(request("GET", "/things/1")).status, 200);
  for (const RouteChanges& wrong :
       {RouteChanges{{"nothing", {.closed = true}}}, RouteChanges{{"hidden", {.closed = true}}},
        RouteChanges{{"get", {.deadline_ms = 999'999}}}, RouteChanges{{"get", {.try_ms = 1}}}}) {
    http::Router unused;
    EXPECT_THROW(edge->add_routes(unused, wrong), std::runtime_error);
  }
}

TEST_F(GatewayTest, TooMuchUnderWayIsTurnedAwayTheLeastImportantFirst) {
  resilience::GradientLimit limit({.first = 10, .least = 10});
  const auto answer = [&](std::string rate_class) {
    RequestContext context;
    context.deadline = context.clock->steady() + 5s;
    http::Request request{.method = "GET", .target = "/things/1", .path = "/things/1"};
    const Upstream upstream{.client = client, .route = &table[0], .breaker = std::move(rate_class)};
    return run_task(worker, forward_within(limit, upstream, context, request));
  };
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(limit.enter(1));
  const auto refused = answer("search");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  EXPECT_NE(refused.body.find("\"code\":\"overloaded\""), std::string::npos);
  EXPECT_EQ(answer("read").status, 503);
  EXPECT_EQ(answer("charge").status, 200);
  EXPECT_EQ(answer("stop").status, 200);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(limit.enter(1));
  EXPECT_EQ(answer("charge").status, 503);
  EXPECT_EQ(answer("stop").status, 200) << "stopping a charge comes last";
  EXPECT_EQ(limit.in_flight(), 10U) << "places are given back";
}

// --- every shape that kit/http refuses, on the wire: refused at the front, and the service hears nothing of it
class SmugglingAtTheFront : public GatewayTest,
                            public ::testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(SmugglingAtTheFront, IsRefused) {
  RawPeer peer(worker, front->port());
  peer.send(std::string(GetParam().second) +
            "GET /things/smuggled HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n");
  EXPECT_EQ(peer.receive().status, 400);
  EXPECT_EQ(peer.receive().status, 0);
  EXPECT_TRUE(peer.closed_by_peer());
  EXPECT_TRUE(service.seen.empty());
}

#define POST_ONCE "POST /once HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n"
INSTANTIATE_TEST_SUITE_P(
    Shapes, SmugglingAtTheFront,
    ::testing::Values(
        std::pair{"LengthThenChunked", POST_ONCE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        std::pair{"ChunkedThenLength", POST_ONCE "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
        std::pair{"ChunkedIdentity",
                  POST_ONCE "Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n\r\nHELLO"},
        std::pair{"Xchunked", POST_ONCE "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nHELLO"},
        std::pair{"Gzip", POST_ONCE "Transfer-Encoding: gzip\r\n\r\n"},
        std::pair{
            "ChunkedInHttp10",
            "POST /once HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        std::pair{"Trailer", POST_ONCE "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-User-Id: admin\r\n\r\n"},
        std::pair{"ChunkExtension", POST_ONCE "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n"},
        std::pair{"EqualLengths", POST_ONCE "Content-Length: 5\r\nContent-Length: 5\r\n\r\nHELLO"},
        std::pair{"SignedLength", POST_ONCE "Content-Length: +5\r\n\r\nHELLO"},
        std::pair{"SpaceBeforeColon", POST_ONCE "Content-Length : 5\r\n\r\nHELLO"},
        std::pair{"BareLineFeed", POST_ONCE "Content-Length: 5\n\r\nHELLO"},
        std::pair{"Folding", POST_ONCE "Content-Length: 5\r\nX: a\r\n b\r\n\r\nHELLO"},
        std::pair{"TwoHosts", POST_ONCE "Host: b\r\nContent-Length: 5\r\n\r\nHELLO"},
        std::pair{"NoHost", "GET /things/1 HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n"},
        std::pair{"AbsoluteTarget", "GET http://a/things/1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n"},
        std::pair{"EncodedSlash", "GET /things%2f1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n"},
        std::pair{"DotSegments", "GET /things/../internal HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n"}),
    [](const auto& info) { return std::string(info.param.first); });

TEST(Table, FailsClosed) {
  Worker worker;
  ScriptedLimits shared;
  RateLimiter limiter(shared, {});
  const auto build = [&](Route route) {
    http::Router router;
    const std::vector<Route> routes{route};
    Edge edge(routes, kClasses, [](const std::string&) { return std::shared_ptr<http::Client>(); }, limiter, {});
    edge.add_routes(router);
  };
  Route route = row("GET", "/x", "x");
  EXPECT_NO_THROW(build(route));
  route.access = Access::kService;
  EXPECT_THROW(build(route), std::logic_error) << "for services, but not marked internal";
  route = row("GET", "/x", "x", 3);
  EXPECT_THROW(build(route), std::logic_error) << "without a rate limit";
}

OwnOperations ours_of_the_contract() {
  OwnOperations ours;
  for (const Route& route : contracts::routes()) {
    if (route.service == "gateway") ours.emplace(route.operation, explain_problem);
  }
  return ours;
}

TEST(Table, AnOperationOfOursThatIsNotGivenStopsTheStart) {
  ScriptedLimits shared;
  RateLimiter limiter(shared, {});
  http::Router router;
  OwnOperations ours = ours_of_the_contract();
  ours.erase("getConsole");
  Edge edge(
      contracts::routes(), contracts::rate_classes(),
      [](const std::string&) { return std::shared_ptr<http::Client>(); }, limiter, {}, ours);
  EXPECT_THROW(edge.add_routes(router), std::logic_error);
}

TEST(Table, TheContractsOwnTableBuilds) {
  ScriptedLimits shared;
  RateLimiter limiter(shared, {});
  http::Router router;
  Edge edge(
      contracts::routes(), contracts::rate_classes(),
      [](const std::string&) { return std::shared_ptr<http::Client>(); }, limiter, {}, ours_of_the_contract());
  EXPECT_NO_THROW(edge.add_routes(router));
  EXPECT_EQ(router.routes().size(), contracts::routes().size());
}

// Redis answers after all of them have asked.
class LateLimits final : public SharedLimits {
 public:
  explicit LateLimits(Worker& worker) : worker_(worker) {}
  Task<Result<redis::Verdict>> take(RequestContext& context, std::string key, redis::Limit limit,
                                    std::int64_t cost) override {
    co_await sleep_for(worker_, std::chrono::milliseconds(20));
    co_return co_await limits_.take(context, std::move(key), limit, cost);
  }

 private:
  Worker& worker_;
  ScriptedLimits limits_;
};

Task<> take_one(RateLimiter& limiter, const contracts::RateClass& rate_class, int& allowed, int& decided) {
  RequestContext context;
  const auto decision = co_await limiter.take(context, rate_class, "somebody");
  if (decision.kind == LimitDecision::Kind::kAllowed) ++allowed;
  ++decided;
}

TEST(RateLimits, OfManyRequestsAtOnceEachCostsOne) {
  Worker worker;
  LateLimits shared(worker);
  RateLimiter limiter(shared, {});
  const contracts::RateClass rate_class{.name = "refresh", .per_minute = 600, .burst = 200};
  int allowed = 0, decided = 0;
  for (int i = 0; i < 180; ++i) worker.tasks().spawn("take", take_one(limiter, rate_class, allowed, decided));
  ASSERT_TRUE(evc::testing::run_until(worker, [&decided] { return decided == 180; }));
  EXPECT_EQ(allowed, 180) << "200 are allowed at once, and one batch of ten is at most wasted";
}

}  // namespace
}  // namespace evc::gateway
