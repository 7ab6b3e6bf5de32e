// The gateway's own questions to the telemetry stores, over real sockets: what is asked, and what is not passed on.
#include "services/gateway/api/telemetry_stores.hpp"

#include <gtest/gtest.h>

#include "kit/http/server.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::gateway {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

struct Store {
  http::Response answer = http::Response::text(200, "{}");
  std::vector<http::Request> seen;
};

Task<http::Response> play(Store& store, http::Request& request) {
  store.seen.push_back(request);
  co_return store.answer;
}

class TelemetryStoresTest : public ::testing::Test {
 protected:
  TelemetryStoresTest() {
    auto router = std::make_shared<http::Router>();
    for (const char* path : {"/api/traces/{id}", "/select/logsql/query", "/api/v1/query", "/api/v1/query_range"})
      router->add("GET", path, [this](RequestContext&, http::Request& request) { return play(store_, request); });
    server_ = std::make_unique<http::Server>(worker_, router, std::vector<http::Middleware>(),
                                             http::ServerOptions{.server_name = "store"});
    server_->start();
    const http::Endpoint here{"127.0.0.1", server_->port()};
    stores_.emplace(worker_, StoreAddresses{.traces = here, .logs = here, .metrics = here});
    context_.deadline = context_.clock->steady() + 30s;
  }
  ~TelemetryStoresTest() override {
    stores_.reset();
    server_->close_all();
    testing::run_until(worker_, [this] { return server_->connections() == 0; }, 5s);
  }
  http::Response ask(const char* operation, const std::string& query = "",
                     std::map<std::string, std::string> parameters = {}) {
    http::Request request{.method = "GET", .target = "/operations/x", .path = "/operations/x"};
    request.query = http::Query::parse(query).value();
    request.path_parameters = std::move(parameters);
    return testing::run_task(worker_, stores_->handlers().at(operation)(context_, request));
  }

  Worker worker_;
  Store store_;
  std::unique_ptr<http::Server> server_;
  std::optional<TelemetryStores> stores_;
  RequestContext context_;
};

TEST_F(TelemetryStoresTest, ATraceIsAskedByItsIdAndByNothingElse) {
  store_.answer = http::Response::text(
      200,
      R"({"data":[{"spans":[{"traceID":"t","spanID":"00f067aa0ba902b7","operationName":"x","startTime":1,"duration":2}]}]})");
  const auto answer = ask("getTrace", "", {{"traceId", kTrace}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.get("cache-control"), "no-store");
  ASSERT_EQ(store_.seen.size(), 1U);
  EXPECT_EQ(store_.seen[0].path, std::string("/api/traces/") + kTrace);
  for (const char* bad : {"x", "4BF92F3577B34DA6A3CE929D0E0E4736", "00000000000000000000000000000000", "../services"})
    EXPECT_EQ(ask("getTrace", "", {{"traceId", bad}}).status, 422) << bad;
  EXPECT_EQ(store_.seen.size(), 1U) << "what is no trace id never reaches the store";
}

TEST_F(TelemetryStoresTest, AQuestionAboutLinesCannotBecomeAnother) {
  EXPECT_EQ(ask("listTraceRecords", std::string("traceId=") + kTrace).status, 200);
  EXPECT_EQ(store_.seen.at(0).query.get("query"),
            std::string("_time:30d trace_id:") + kTrace + " | sort by (_time) | limit 1001");
  EXPECT_EQ(ask("listTraceRecords", "traceId=*%20%7C%20delete").status, 422);
  EXPECT_EQ(ask("listTraceRecords").status, 422);
  EXPECT_EQ(store_.seen.size(), 1U);
}

TEST_F(TelemetryStoresTest, MetricsAreAskedWithATimeoutAndWithinBounds) {
  store_.answer = http::Response::text(200, R"({"status":"success","data":{"resultType":"matrix","result":[]}})");
  EXPECT_EQ(ask("queryMetricsRange", "query=rate(up%5B5m%5D)&start=1000&end=1060&step=15").status, 200);
  EXPECT_EQ(store_.seen.at(0).query.get("query"), "rate(up[5m])");
  EXPECT_EQ(store_.seen.at(0).query.get("step"), "15.000");
  EXPECT_EQ(store_.seen.at(0).query.get("timeout"), "4s");
  EXPECT_EQ(ask("queryMetrics", "query=up&time=1000.25").status, 200);
  EXPECT_EQ(store_.seen.at(1).query.get("time"), "1000.250");
  EXPECT_EQ(ask("queryMetrics").status, 422);
  EXPECT_EQ(ask("queryMetricsRange", "query=up&start=0&end=4000000&step=1").status, 422);
  EXPECT_EQ(store_.seen.size(), 2U);
  store_.answer = http::Response::text(400, R"({"status":"error","errorType":"bad_data","error":"parse error"})");
  const auto refused = ask("queryMetrics", "query=(");
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find("parse error"), std::string::npos);
}

TEST_F(TelemetryStoresTest, TheMapIsThreeQuestions) {
  store_.answer = http::Response::text(
      200,
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"client":"a","server":"b"},"value":[1,"2"]}]}})");
  const auto answer = ask("getServiceMap");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto map = json::parse(answer.body).value();
  EXPECT_EQ(map.at("edges").at(0).at("perSecond").to_number<double>(), 2.0);
  EXPECT_EQ(map.at("edges").at(0).at("p95Ms").to_number<double>(), 2000.0);
  EXPECT_EQ(store_.seen.size(), 3U);
}

TEST_F(TelemetryStoresTest, AStoreThatIsAwayOrConfusedIsSaidToBe) {
  store_.answer = http::Response::text(500, "stack trace");
  const auto refused = ask("getTrace", "", {{"traceId", kTrace}});
  EXPECT_EQ(refused.status, 502);
  EXPECT_EQ(refused.body.find("stack trace"), std::string::npos);
  store_.answer = http::Response::text(404, "{}");
  EXPECT_EQ(ask("getTrace", "", {{"traceId", kTrace}}).status, 404);
  server_->close_all();
  testing::run_until(worker_, [this] { return server_->connections() == 0; }, 5s);
  stores_.emplace(worker_,
                  StoreAddresses{.traces = {"127.0.0.1", 1}, .logs = {"127.0.0.1", 1}, .metrics = {"127.0.0.1", 1}});
  EXPECT_EQ(ask("getTrace", "", {{"traceId", kTrace}}).status, 502);
}

}  // namespace
}  // namespace evc::gateway
