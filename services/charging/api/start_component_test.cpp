// Starts that are refused, on the real PostgreSQL: what is said is what is kept under the key.
#include "services/charging/api/start.hpp"

#include <gtest/gtest.h>

#include "services/charging/api/api_fixture_test.hpp"

namespace evc::charging {
namespace {

using namespace std::chrono_literals;

class StartTest : public ApiFixture {
 protected:
  StartTest() {
    context_.trace = telemetry::TraceContext::root();
    context_.principal.puid = "p1.mfzxa2lonrxw2zlsfqqho2lunb";
  }
  // At a station that does not exist: refused before payment is asked for anything.
  Task<> start(http::Response& answer, bool& done) {
    http::Request request{.method = "POST", .target = "/charging/start", .path = "/charging/start"};
    request.route = "/charging/start";
    request.headers.set("idempotency-key", "k");
    request.headers.set("content-type", "application/json");
    request.body = R"({"stationId":"NOWHERE","connectorId":1,"paymentMethod":{"type":"simulated-pix"}})";
    Api charging = api();
    answer = co_await start_charging(charging, context_, request);
    done = true;
  }
  http::Response start() {
    http::Response answer;
    bool done = false;
    worker_.tasks().spawn("start", start(answer, done));
    EXPECT_TRUE(evc::testing::run_until(worker_, [&done] { return done; }));
    return answer;
  }

  // While the start looks for its station, another request takes the key over.
  Task<Result<void>> take_the_key_over() {
    static constexpr postgres::Statement kHoldUp{"hold up", "LOCK TABLE station IN ACCESS EXCLUSIVE MODE"};
    static constexpr postgres::Statement kWaiting{
        "waiting", "SELECT count(*) FROM pg_locks WHERE relation = 'station'::regclass AND NOT granted"};
    static constexpr postgres::Statement kTakeOver{"take over", "UPDATE idempotency SET attempt = attempt + 1"};
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await transaction.exec(context_, kHoldUp));
    worker_.tasks().spawn("start", start(answer_, done_));
    for (bool waiting = false; !waiting;) {
      co_await sleep_for(worker_, 10ms);
      EVC_CO_TRY(rows, co_await pool_->exec(context_, kWaiting));
      waiting = rows.get<std::int64_t>(0, 0) > 0;
    }
    EVC_CO_TRY(taken, co_await pool_->exec(context_, kTakeOver));
    EXPECT_EQ(taken.affected(), 1);
    co_return co_await transaction.commit(context_);
  }

  static std::string code(const http::Response& answer) {
    return std::string(json::parse(answer.body)->at("code").as_string());
  }

  http::Response answer_;
  bool done_ = false;
};

TEST_F(StartTest, ARefusalIsKeptAndSaidAgain) {
  const http::Response first = start();
  EXPECT_EQ(first.status, 404);
  EXPECT_EQ(code(first), "station-not-found");
  const http::Response again = start();
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.get("Idempotency-Replayed"), "true");
}

TEST_F(StartTest, ARefusalOfARequestThatLostItsKeyIsNotSaid) {
  const auto taken = evc::testing::run_task(worker_, take_the_key_over());
  ASSERT_TRUE(taken) << taken.error().detail;
  ASSERT_TRUE(evc::testing::run_until(worker_, [this] { return done_; }));
  EXPECT_EQ(answer_.status, 409) << answer_.body;
  EXPECT_EQ(code(answer_), "request-in-progress");
  EXPECT_TRUE(answer_.headers.contains("Retry-After"));
  EXPECT_EQ(database_.value("SELECT state FROM idempotency"), "running") << "the other one's";
}

TEST_F(StartTest, ARefusalThatCouldNotBeKeptIsNotSaid) {
  database_.value(
      "CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'collision' USING "
      "ERRCODE "
      "= '40001'; END $$; CREATE TRIGGER collide BEFORE UPDATE ON idempotency FOR EACH ROW WHEN (NEW.state = "
      "'finished') "
      "EXECUTE FUNCTION collide(); SELECT 1");
  const http::Response lost = start();
  EXPECT_EQ(lost.status, 503) << lost.body;
  EXPECT_EQ(database_.value("SELECT locked_until <= now() FROM idempotency"), "t") << "a retry goes on at once";
  database_.value("DROP TRIGGER collide ON idempotency; SELECT 1");
  EXPECT_EQ(code(start()), "station-not-found");
}

}  // namespace
}  // namespace evc::charging
