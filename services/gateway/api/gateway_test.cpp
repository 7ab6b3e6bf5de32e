// What happens to a request at the edge.
#include "kit/http/character_sets.hpp"
#include "services/gateway/api/gateway_fixture_test.hpp"

namespace evc::gateway {
namespace {

// The service takes a head at the gateway's limit although the gateway adds to it.
TEST_F(GatewayTest, AHeadThatTheEdgeTakesIsNotTooLargeForTheService) {
  service.answers = {status(200)};
  std::string headers;
  for (int i = 0; i < 98; ++i) headers += "X-Mine-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(ask("GET", "/things/1", headers).status, 200);
  EXPECT_EQ(ask("GET", "/things/1", headers + "X-Mine-98: 1\r\n").status, 431);
  service.answers = {status(200)};
  EXPECT_EQ(ask("GET", "/things/1", "X-Mine: " + std::string(32'600, 'a') + "\r\n").status, 200);
}

TEST_F(GatewayTest, CookiesAreAuthsAloneAndOursAreNobodys) {
  http::Response answer = status(200, "Set-Cookie", "__Host-evcosta-sign-in=new; Path=/");
  for (const char* planted : {"__Host-evcosta=x; Path=/", "__Host-evcosta-login-abcdefgh=x; Path=/"})
    answer.headers.add("Set-Cookie", planted);
  service.answers = {answer};
  const std::string cookies =
      "Cookie: __Host-evcosta=mine; __Host-evcosta-sign-in=theirs; __Host-evcosta-login-abcdefgh=s.v.r; lang=pt\r\n";
  const auto page = ask("GET", "/sign-in-page", cookies);
  EXPECT_EQ(service.seen.back().headers.get("Cookie"), "__Host-evcosta-sign-in=theirs; lang=pt");
  std::vector<std::string> set;
  for (const auto& [name, value] : page.headers.all()) {
    if (http::equal_ignoring_case(name, "Set-Cookie")) set.push_back(value);
  }
  EXPECT_EQ(set, std::vector<std::string>{"__Host-evcosta-sign-in=new; Path=/"});
  const auto other = ask("GET", "/things/1", cookies);
  EXPECT_FALSE(service.seen.back().headers.contains("Cookie"));
  EXPECT_FALSE(other.headers.contains("Set-Cookie"));
}

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
