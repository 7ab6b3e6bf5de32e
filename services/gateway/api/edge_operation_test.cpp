// What whoever runs the edge changes while it runs, and what it turns away.
#include "services/gateway/api/gateway_fixture_test.hpp"

namespace evc::gateway {
namespace {

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

}  // namespace
}  // namespace evc::gateway
