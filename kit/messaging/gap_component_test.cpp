// Events that the topic does not give: they come from the producer's outbox, or an operator decides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kit/http/server.hpp"
#include "kit/messaging/outbox_reader.hpp"
#include "kit/messaging/outbox_route.hpp"
#include "kit/messaging/producer_client.hpp"
#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;
using evc::testing::run_task;
using testing::ConsumerSide;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::OutboxSide;
using ::testing::SizeIs;
using testing::test_context;

std::string metric(const std::string& line) {
  const auto text = telemetry::metrics().render();
  const auto at = text.find(line);
  if (at == std::string::npos) return "";
  const auto value = at + line.size() + 1;
  return text.substr(value, text.find('\n', value) - value);
}

// A producer whose events reach the topic only as the test lets them, and a consumer that may ask its outbox.
class Gap : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
    producer_ = std::make_unique<OutboxSide>(worker_, kafka::testing::fresh_topic("gap", 2));
    consumer_ = std::make_unique<ConsumerSide>(worker_, producer_->topic());
  }
  void TearDown() override {
    if (consumer_) consumer_->stop();
    consumer_.reset();
    producer_.reset();
  }

  Task<Result<HeldEvents>> answer(RequestContext& context, MissingEvents missing) {
    ++asked_;
    if (refusing_ > 0 && refusing_-- > 0) co_return fail(Code::kConnectionFailed, "the producer is away");
    auto held = co_await read_held(context, producer_->pool(), std::move(missing));
    co_return held;
  }
  void start() {
    auto options = consumer_->options();
    options.ask = [this](RequestContext& context, MissingEvents missing) {
      return answer(context, std::move(missing));
    };
    consumer_->start(std::move(options));
  }
  HeldEvents held(std::int64_t from, std::int64_t to) {
    auto context = test_context();
    auto events = run_task(worker_, read_held(context, producer_->pool(), {producer_->topic(), "a", from, to}));
    EXPECT_TRUE(events);
    return std::move(*events);
  }
  // Events 1 to `last` of key "a" stand in the outbox, and on the topic those that `lost` does not name.
  void produce(int last, const std::vector<std::int64_t>& lost) {
    producer_->append("a", 1, last + 1);
    std::vector<kafka::Record> records;
    for (auto& event : held(1, last).events)
      if (std::ranges::find(lost, event.sequence) == lost.end()) records.push_back(std::move(event.record));
    consumer_->produce(std::move(records));
  }
  std::string outcome(const std::string& name) {
    return metric("inbox_gap_events_total{group=\"" + consumer_->group() + "\",topic=\"" + consumer_->topic() +
                  "\",outcome=\"" + name + "\"}");
  }

  Worker worker_;
  std::unique_ptr<OutboxSide> producer_;
  std::unique_ptr<ConsumerSide> consumer_;
  int asked_ = 0;
  int refusing_ = 0;
};

TEST_F(Gap, WhatTheTopicHasLostComesFromTheProducersOutbox) {
  produce(6, {2, 4, 5});
  start();
  EXPECT_TRUE(consumer_->effects_become("a", "1,2,3,4,5,6"));
  EXPECT_EQ(consumer_->database().value("SELECT count(*) FROM inbox WHERE status = 'applied'"), "6");
  EXPECT_EQ(consumer_->database().value("SELECT count(*) FROM inbox_parked"), "0");
  EXPECT_EQ(outcome("fetched"), "3");
}

TEST_F(Gap, WhatComesLateAfterAllHasNoSecondEffect) {
  produce(3, {2});
  start();
  ASSERT_TRUE(consumer_->effects_become("a", "1,2,3"));
  std::vector<kafka::Record> late{held(2, 2).events[0].record};
  consumer_->produce(std::move(late));
  producer_->append("a", 4, 5);
  consumer_->produce({held(4, 4).events[0].record});
  EXPECT_TRUE(consumer_->effects_become("a", "1,2,3,4"));
}

TEST_F(Gap, AFailureOfAFetchedEventIsTreatedAsEveryOther) {
  consumer_->failing = [](const Event& event) -> std::optional<Error> {
    if (event.sequence != 2) return std::nullopt;
    return Error{.code = Code::kValidationFailed, .detail = "no"};
  };
  produce(4, {2});
  start();
  EXPECT_TRUE(consumer_->becomes("SELECT count(*) FROM dead_letter WHERE state = 'dead'", "1"));
  EXPECT_TRUE(consumer_->becomes("SELECT count(*) FROM inbox_parked WHERE reason = 'subject'", "2"))
      << "they wait behind the dead letter of their subject";
  EXPECT_EQ(consumer_->effects("a"), "1");
}

TEST_F(Gap, AFetchedEventThatFailsForNowIsTriedAgainAndNotAskedForAgain) {
  bool down = true;
  consumer_->failing = [&](const Event& event) -> std::optional<Error> {
    if (!down || event.sequence != 2) return std::nullopt;
    return Error{.code = Code::kServiceUnavailable};
  };
  produce(3, {2});
  start();
  ASSERT_TRUE(consumer_->becomes("SELECT count(*) FROM inbox_parked WHERE reason = 'gap'", "2"));
  EXPECT_EQ(consumer_->effects("a"), "1");
  down = false;
  EXPECT_TRUE(consumer_->effects_become("a", "1,2,3"));
  EXPECT_EQ(asked_, 1);
}

TEST_F(Gap, AProducerThatIsAwayIsAskedAgain) {
  refusing_ = 1;
  produce(3, {2});
  start();
  EXPECT_TRUE(consumer_->effects_become("a", "1,2,3"));
  EXPECT_EQ(outcome("failed"), "1");
}

TEST_F(Gap, WhatTheProducerNoLongerHoldsWaitsForTheOperator) {
  produce(4, {2});
  producer_->database().query("DELETE FROM outbox WHERE seq = 2");
  start();
  ASSERT_TRUE(evc::testing::run_until(
      worker_, [&] { return metric("inbox_lost_keys{group=\"" + consumer_->group() + "\"}") == "1"; }));
  EXPECT_EQ(outcome("lost"), "1");
  EXPECT_EQ(consumer_->effects("a"), "1");
  auto context = test_context();
  ASSERT_TRUE(
      run_task(worker_, consumer_->inbox().accept_gap(
                            context, {.topic = consumer_->topic(), .key = "a", .missing_from = 2, .missing_to = 2},
                            {.action = Action::kAcceptGap, .reason = "a test"})));
  EXPECT_EQ(consumer_->effects("a"), "1,3,4");
  EXPECT_TRUE(evc::testing::run_until(
      worker_, [&] { return metric("inbox_lost_keys{group=\"" + consumer_->group() + "\"}") == "0"; }));
}

TEST_F(Gap, WhatTheProducersOperatorDiscardedIsPassedOver) {
  produce(5, {2, 3});
  producer_->database().query(
      "INSERT INTO outbox_rejected (topic, key, seq, event_id, reason, discarded_at) SELECT topic, key, seq, event_id, "
      "'too large', now() FROM outbox WHERE seq = 3");
  start();
  EXPECT_TRUE(consumer_->effects_become("a", "1,2,4,5"));
  EXPECT_EQ(consumer_->database().value("SELECT status FROM inbox WHERE sequence = 3"), "discarded");
}

TEST_F(Gap, AKeyThatWaitsDelaysNoOther) {
  produce(3, {2});
  consumer_->start();  // it may ask nobody
  consumer_->produce({testing::sample_record(testing::sample_event(consumer_->topic(), "b", 1))});
  EXPECT_TRUE(consumer_->effects_become("b", "1"));
  EXPECT_EQ(consumer_->effects("a"), "1");
}

TEST_F(Gap, AnAnswerHasALimit) {
  producer_->append("a", 1, 251);
  const auto first = held(1, 1'000);
  EXPECT_THAT(first.events, SizeIs(kHeldEventsLimit));
  EXPECT_EQ(first.until, kHeldEventsLimit);
  const auto rest = held(240, 1'000);
  EXPECT_THAT(rest.events, SizeIs(11));
  EXPECT_EQ(rest.until, 1'000) << "what comes after the last one is not held";
  producer_->database().query("UPDATE outbox SET payload = repeat('x', 900000)::bytea WHERE seq <= 4");
  EXPECT_THAT(held(1, 10).events, SizeIs(3)) << "2 MB and the event that goes beyond";
  EXPECT_EQ(held(1, 10).until, 3);
  EXPECT_THAT(held(1'000, 2'000).events, IsEmpty());
}

TEST_F(Gap, ALongGapIsFetchedInSeveralAnswers) {
  constexpr int kLast = 2 * kHeldEventsLimit + 20;
  producer_->append("a", 1, kLast + 1);
  consumer_->produce({held(1, 1).events[0].record, held(kLast, kLast).events[0].record});
  start();
  EXPECT_TRUE(consumer_->becomes("SELECT count(*) FROM effect", std::to_string(kLast), 60s));
  EXPECT_EQ(consumer_->database().value("SELECT bool_and(n = id)::text FROM effect"), "true");
  EXPECT_EQ(asked_, 3);
}

// The question and the answer as HTTP, on a topic of the contracts.
class GapOverHttp : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
    producer_ = std::make_unique<OutboxSide>(worker_, "charging.events");
    auto router = std::make_shared<http::Router>();
    add_outbox_operation(*router, "charging", producer_->pool());
    server_ = std::make_unique<http::Server>(worker_, router, std::vector<http::Middleware>(), http::ServerOptions{});
    server_->start();
    client_ = std::make_shared<http::Client>(
        worker_, http::ClientOptions{.service = "charging", .endpoints = {{"127.0.0.1", server_->port()}}});
  }
  void TearDown() override {
    if (!server_) return;
    client_->close();
    server_->close_all();
    evc::testing::run_until(worker_, [&] { return server_->connections() == 0; }, 5s);
  }
  Result<HeldEvents> ask(MissingEvents missing) {
    auto context = test_context();
    const auto ask = ask_over_http({{"charging", client_}}, [](RequestContext&) { return token(); });
    return run_task(worker_, ask(context, std::move(missing)));
  }
  int status(const std::string& query) {
    auto context = test_context();
    http::Call call{.target = "/internal/charging/events?" + query, .route_class = "/internal/charging/events"};
    const auto response = run_task(worker_, client_->send(context, std::move(call)));
    return response ? response->status : 0;
  }
  static Task<Result<std::string>> token() { co_return std::string("t"); }

  Worker worker_;
  std::unique_ptr<OutboxSide> producer_;
  std::unique_ptr<http::Server> server_;
  std::shared_ptr<http::Client> client_;
};

TEST_F(GapOverHttp, TheRecordArrivesByteForByte) {
  const std::string key = "partner/ü 1&from=9";
  producer_->append(key, 1, 4);
  producer_->database().query("UPDATE outbox SET payload = '\\x00ff7b' WHERE seq = 2");
  const auto events = ask({"charging.events", key, 2, 3});
  ASSERT_TRUE(events) << events.error().detail;
  ASSERT_THAT(events->events, SizeIs(2));
  auto context = test_context();
  const auto kept = run_task(worker_, read_held(context, producer_->pool(), {"charging.events", key, 2, 3}));
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& got = events->events[i];
    EXPECT_EQ(got.event_id, kept->events[i].event_id);
    EXPECT_EQ(got.record.headers, kept->events[i].record.headers);
    EXPECT_EQ(got.record.value, kept->events[i].record.value);
    EXPECT_EQ(got.record.key, key);
    EXPECT_LT(std::chrono::abs(got.record.timestamp - kept->events[i].record.timestamp), 1ms);
  }
  EXPECT_EQ(events->events[0].record.value, std::string("\0\xff{", 3));
}

TEST_F(GapOverHttp, WhatIsNotWellAskedIsRefused) {
  EXPECT_EQ(status("topic=charging.events&key=a&from=1&to=2"), 200);
  EXPECT_EQ(status("topic=payment.events&key=a&from=1&to=2"), 422) << "another service writes it";
  EXPECT_EQ(status("topic=charging.events.payment.dlq&key=a&from=1&to=2"), 422);
  EXPECT_EQ(status("topic=charging.events&from=1&to=2"), 422);
  EXPECT_EQ(status("topic=charging.events&key=a&from=0&to=2"), 422);
  EXPECT_EQ(status("topic=charging.events&key=a&from=3&to=2"), 422);
  EXPECT_EQ(status("topic=charging.events&key=a&from=1&to=2x"), 422);
}

TEST_F(GapOverHttp, ATopicWithoutAKnownProducerIsSaid) {
  EXPECT_EQ(ask({"payment.events", "a", 1, 1}).error().code, Code::kNotFound);
  EXPECT_EQ(ask({"nothing", "a", 1, 1}).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace evc::messaging
