#include "kit/service/admin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::service {
namespace {

using ::testing::HasSubstr;

Task<json::Value> two_workers() {
  co_return json::Object{{"workers", 2}};
}

class AdminTest : public ::testing::Test {
 protected:
  http::Response ask(std::string method, std::string path, std::string body = {}, http::Headers headers = {}) {
    http::Request request{
        .method = std::move(method), .path = std::move(path), .headers = std::move(headers), .body = std::move(body)};
    if (!request.body.empty()) request.headers.set("content-type", "application/json");
    auto match = router_->match(request);
    EXPECT_TRUE(match) << request.path;
    RequestContext context;
    return evc::testing::run_task(worker_, (*match->handler)(context, request));
  }

  Worker worker_;
  std::shared_ptr<HealthBoard> board_ = std::make_shared<HealthBoard>(1);
  std::shared_ptr<http::Router> router_ = admin_router({.service = "charging",
                                                        .instance = "charging-1",
                                                        .version = "9.9.9",
                                                        .config = {{"workers", 2}},
                                                        .board = board_,
                                                        .routes = {{.method = "GET", .path = "/stations/{id}"}},
                                                        .activity = two_workers,
                                                        .clusters = two_workers,
                                                        .drain = [this] { drained_ = true; }});
  bool drained_ = false;
};

TEST_F(AdminTest, HealthAnswers503WithReasonsUntilItIsReady) {
  EXPECT_EQ(ask("GET", "/health/live").status, 200);
  board_->expect(0, "postgres", Dependency::kRequired);
  board_->listening();
  http::Response unready = ask("GET", "/health/ready");
  EXPECT_EQ(unready.status, 503);
  EXPECT_THAT(unready.body, HasSubstr("postgres: not checked yet"));
  EXPECT_EQ(unready.headers.get("cache-control"), "no-store");
  board_->report(0, "postgres", {});
  EXPECT_EQ(ask("GET", "/health/ready").status, 200);
}

TEST_F(AdminTest, MetricsInTheAskedForm) {
  telemetry::metrics().counter("evc_admin_test_total", "Test").add();
  EXPECT_THAT(ask("GET", "/metrics").body, HasSubstr("evc_admin_test_total 1"));
  http::Headers headers;
  headers.set("accept", "application/openmetrics-text; version=1.0.0");
  const http::Response open = ask("GET", "/metrics", {}, headers);
  EXPECT_THAT(open.body, HasSubstr("# EOF"));
  EXPECT_THAT(std::string(*open.headers.get("content-type")), HasSubstr("openmetrics"));
}

TEST_F(AdminTest, TheLogLevelChangesAndNothingElseIsAccepted) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(ask("PUT", "/log-level", R"({"level":"debug"})").status, 200);
  EXPECT_EQ(telemetry::log_level(), telemetry::Level::kDebug);
  EXPECT_EQ(ask("PUT", "/log-level", R"({"level":"loud"})").status, 422);
  EXPECT_EQ(ask("PUT", "/log-level", R"({"level":"info","x":1})").status, 422);
  EXPECT_EQ(telemetry::log_level(), telemetry::Level::kDebug);
  telemetry::set_log_level(telemetry::Level::kInfo);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("the log level was changed"));
}

TEST_F(AdminTest, SaysWhatItIsAndDoes) {
  EXPECT_EQ(ask("GET", "/version").body, R"({"service":"charging","instance":"charging-1","version":"9.9.9"})");
  EXPECT_THAT(ask("GET", "/config").body, HasSubstr("\"workers\":2"));
  EXPECT_THAT(ask("GET", "/routes").body, HasSubstr("/stations/{id}"));
  EXPECT_THAT(ask("GET", "/requests").body, HasSubstr("\"workers\":2"));
  EXPECT_THAT(ask("GET", "/clusters").body, HasSubstr("\"workers\":2"));
}

TEST_F(AdminTest, APageInABrowserOfThisMachineChangesNothing) {
  for (const char* name : {"Origin", "Sec-Fetch-Site"}) {
    http::Headers headers;
    headers.set(name, "null");
    EXPECT_EQ(ask("POST", "/drain", {}, headers).status, 403);
    EXPECT_EQ(ask("PUT", "/log-level", R"({"level":"debug"})", headers).status, 403);
  }
  EXPECT_FALSE(drained_);
  EXPECT_EQ(telemetry::log_level(), telemetry::Level::kInfo);
}

TEST_F(AdminTest, DrainsWhenTold) {
  EXPECT_EQ(ask("POST", "/drain").status, 202);
  EXPECT_TRUE(drained_);
}

}  // namespace
}  // namespace evc::service
