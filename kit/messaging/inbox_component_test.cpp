#include "kit/messaging/inbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kit/messaging/inbox_fixture_test.hpp"
#include "kit/telemetry/metrics.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;

TEST_F(InboxOfBroker, EveryEventHasItsEffectOnceInOrder) {
  side_->produce(records(events("a", 5)));
  side_->produce(records(events("b", 5)));
  side_->start();
  EXPECT_TRUE(side_->effects_become("a", "1,2,3,4,5"));
  EXPECT_TRUE(side_->effects_become("b", "1,2,3,4,5"));
  EXPECT_TRUE(side_->inbox().health());
}

TEST_F(InboxOfBroker, ItsHealthTellsOfABrokerThatIsAway) {
  auto options = side_->options();
  options.consumer.connect.bootstrap = "localhost:1";
  side_->start(options);
  EXPECT_EQ(side_->inbox().health().error().code, Code::kServiceUnavailable) << "before its first answer";
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] {
    const auto health = side_->inbox().health();
    return !health && health.error().code == Code::kBrokerUnavailable;
  }));
}

TEST_F(InboxOfBroker, ItHasCaughtUpWhenLessThanABatchIsOpen) {
  auto options = side_->options();
  options.batch = 2;
  bool database_away = false;
  side_->failing = [&database_away](const Event&) {
    return database_away ? std::optional(Error{.code = Code::kDatabaseUnavailable}) : std::nullopt;
  };
  side_->produce(records({event("a", 1)}));
  side_->start(options);
  EXPECT_FALSE(side_->inbox().caught_up()) << "before its first answer";
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return side_->inbox().caught_up(); }));
  EXPECT_EQ(side_->effects("a"), "1");
  database_away = true;
  side_->produce(records({event("a", 2), event("a", 3), event("a", 4)}));
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return !side_->inbox().caught_up(); }));
  EXPECT_TRUE(side_->inbox().health());
  database_away = false;
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return side_->inbox().caught_up(); }));
  EXPECT_TRUE(side_->effects_become("a", "1,2,3,4"));
}

// Longer than the group waits for a member: the broker has forgotten us, and may not know its groups yet when it is
// back.
TEST_F(InboxOfBroker, ABrokerThatHungBeyondItsSessionIsReadFromAgain) {
  side_->produce(records({event("a", 1)}));
  side_->start();
  EXPECT_TRUE(side_->effects_become("a", "1"));
  {
    const kafka::testing::BrokerHangs hangs;
    const auto until = std::chrono::steady_clock::now() + 11s;
    EXPECT_TRUE(evc::testing::run_until(worker_, [until] { return std::chrono::steady_clock::now() > until; }, 20s));
  }
  side_->produce(records({event("a", 2)}));
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return side_->effects("a") == "1,2"; }, 60s));
}

TEST_F(InboxOfBroker, DuplicatesInAnyOrderHaveNoEffect) {
  const auto all = records(events("a", 6));
  side_->start();
  side_->produce(all);
  side_->produce({all[3], all[0], all[5], all[5]});
  side_->produce(all);
  const auto next = event("a", 7);
  side_->produce({sample_record(next)});
  EXPECT_TRUE(side_->effects_become("a", "1,2,3,4,5,6,7"));
}

TEST_F(InboxOfBroker, AfterARestartItGoesOnWhereItWas) {
  side_->start();
  const auto all = records(events("a", 6));
  side_->produce({all[0], all[1], all[2]});
  ASSERT_TRUE(side_->effects_become("a", "1,2,3"));
  side_->stop();
  side_->produce({all[3], all[4], all[5]});
  side_->start();
  EXPECT_TRUE(side_->effects_become("a", "1,2,3,4,5,6"));
}

TEST_F(InboxOfBroker, AGapWaitsForTheMissingEvent) {
  const auto all = events("a", 4);
  side_->start();
  side_->produce({sample_record(all[0]), sample_record(all[2]), sample_record(all[3])});
  ASSERT_TRUE(status_becomes(all[3], "parked"));
  EXPECT_EQ(side_->effects("a"), "1");
  side_->produce({sample_record(all[1])});
  EXPECT_TRUE(side_->effects_become("a", "1,2,3,4"));
  EXPECT_EQ(status(all[3]), "applied");
}

TEST_F(InboxOfBroker, AGapCanBeAcceptedByTheOperator) {
  const auto all = events("a", 4);
  side_->start();
  side_->produce({sample_record(all[0]), sample_record(all[2]), sample_record(all[3])});
  ASSERT_TRUE(status_becomes(all[3], "parked"));
  EXPECT_EQ(accept_gap("a", 2, 3).error().code, Code::kConflict) << "another gap than the one that stands there";
  EXPECT_EQ(side_->effects("a"), "1");
  const auto accepted = accept_gap("a", 2, 2);
  ASSERT_TRUE(accepted) << accepted.error().detail;
  EXPECT_EQ(accepted->outcome, Outcome::kAccepted);
  EXPECT_EQ(accepted->followed, 2);
  EXPECT_EQ(side_->effects("a"), "1,3,4");
  EXPECT_EQ(side_->database().value("SELECT action || ' ' || key || ' ' || sequence || ' ' || by_whom FROM event_run"),
            "acceptGap a 2 p1.tester");
  side_->produce({sample_record(all[1]), sample_record(event("a", 5))});
  EXPECT_TRUE(side_->effects_become("a", "1,3,4,5")) << "what comes too late is skipped";
  EXPECT_EQ(accept_gap("a", 2, 2).error().code, Code::kNotFound);
}

TEST_F(InboxOfBroker, ANewGroupTakesTheFirstSequenceAsItsBaseline) {
  side_->start();
  side_->produce({sample_record(event("a", 41)), sample_record(event("a", 42))});
  EXPECT_TRUE(side_->effects_become("a", "41,42"));
}

TEST_F(InboxOfBroker, ATransientFailureWaitsInPlaceAndDelaysNoOtherKey) {
  int failures = 0;
  bool down = true;
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    if (event.key != "slow" || event.sequence != 2 || !down) return std::nullopt;
    ++failures;
    return Error{.code = Code::kServiceUnavailable, .detail = "503"};
  };
  side_->start();
  side_->produce(records(events("slow", 4)));
  side_->produce(records(events("quick", 4)));
  EXPECT_TRUE(side_->effects_become("quick", "1,2,3,4"));
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return failures > 5; }));
  EXPECT_EQ(side_->effects("slow"), "1");
  EXPECT_EQ(side_->database().value("SELECT count(*) FROM dead_letter"), "0");
  down = false;
  EXPECT_TRUE(side_->effects_become("slow", "1,2,3,4"));
}

TEST_F(InboxOfBroker, AKeyIsAppliedWhileAnotherIsBusy) {
  bool quick_is_done = false;
  side_->holding = [&](const Event& event) { return event.key == "busy" && !quick_is_done; };
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    quick_is_done = quick_is_done || event.key == "quick";
    return std::nullopt;
  };
  auto both = records({event("busy", 1), event("quick", 1)});
  for (auto& record : both) record.partition = 0;  // one batch
  side_->produce(both);
  side_->start();
  EXPECT_TRUE(side_->effects_become("quick", "1"));
  EXPECT_TRUE(side_->effects_become("busy", "1"));
}

TEST_F(InboxOfBroker, WhatWaitsIsNotCommittedAndComesAgainAfterARestart) {
  bool down = true;
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    if (!down || event.sequence != 2) return std::nullopt;
    return Error{.code = Code::kServiceUnavailable};
  };
  side_->start();
  side_->produce(records(events("a", 3)));
  ASSERT_TRUE(side_->effects_become("a", "1"));
  side_->stop();
  down = false;
  side_->start();
  EXPECT_TRUE(side_->effects_become("a", "1,2,3"));
}

TEST_F(InboxOfBroker, AnUnknownFailureIsTriedThreeTimes) {
  const auto all = events("a", 1);
  int tries = 0;
  side_->failing = [&](const Event&) -> std::optional<Error> {
    ++tries;
    return Error{.code = Code::kInternal, .detail = "who knows"};
  };
  side_->start();
  side_->produce(records(all));
  ASSERT_TRUE(status_becomes(all[0], "dead"));
  EXPECT_EQ(tries, 3);
  EXPECT_EQ(side_->database().value("SELECT attempts FROM dead_letter"), "3");
}

TEST_F(InboxOfBroker, AHandlerThatThrowsIsAFailureToo) {
  const auto all = events("a", 1);
  side_->failing = [](const Event&) -> std::optional<Error> { throw std::runtime_error("a bug"); };
  side_->start();
  side_->produce(records(all));
  EXPECT_TRUE(status_becomes(all[0], "dead"));
}

TEST_F(InboxOfBroker, AHandlerThatNeverReturnsIsStoppedAndDelaysNoOtherKey) {
  bool hangs = true;
  side_->holding = [&](const Event& event) { return hangs && event.key == "stuck" && event.sequence == 2; };
  auto options = side_->options();
  options.handler_limit = 700ms;
  side_->start(options);
  side_->produce(records(events("stuck", 3)));
  ASSERT_TRUE(
      side_->becomes("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = "
                     "current_database()",
                     "1"))
      << "the handler holds its transaction";
  // While it hangs, others are read and applied.
  const auto begun = std::chrono::steady_clock::now();
  for (int n = 1; n <= 3; ++n) {
    side_->produce({sample_record(event("quick", n))});
    ASSERT_TRUE(side_->effects_become("quick", n == 1 ? "1" : n == 2 ? "1,2" : "1,2,3"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return stopped_handlers() >= 2; })) << "tried again";
  EXPECT_EQ(side_->effects("stuck"), "1");
  EXPECT_EQ(side_->database().value("SELECT count(*) FROM dead_letter"), "0") << "a failure that may pass";
  EXPECT_TRUE(side_->inbox().health());
  hangs = false;
  EXPECT_TRUE(side_->effects_become("stuck", "1,2,3"));
}

TEST_F(InboxOfBroker, ItsHealthTellsOfAHandlerThatCannotBeStopped) {
  bool hangs = true;
  bool deaf = false;
  side_->deaf_while = [&] { return hangs; };
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    deaf = deaf || event.key == "deaf";
    return std::nullopt;
  };
  auto options = side_->options();
  options.handler_limit = 200ms;
  side_->start(options);
  side_->produce({sample_record(event("deaf", 1)), sample_record(event("other", 1))});
  EXPECT_TRUE(side_->effects_become("other", "1"));
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] {
    const auto health = side_->inbox().health();
    return !health && health.error().detail.find("do not end") != std::string::npos;
  }));
  EXPECT_FALSE(deaf);
  hangs = false;
  EXPECT_TRUE(side_->effects_become("deaf", "1"));
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return side_->inbox().health().has_value(); }));
}

TEST_F(InboxOfBroker, MembersThatComeAndGoDoubleNoEffect) {
  constexpr int kKeys = 8;
  std::vector<int> written(kKeys, 0);
  const auto write = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      std::vector<kafka::Record> batch;
      for (int key = 0; key < kKeys; ++key)
        batch.push_back(sample_record(event("key-" + std::to_string(key), ++written[static_cast<std::size_t>(key)])));
      side_->produce(std::move(batch));
    }
  };
  side_->start();
  write(5);
  for (int turn = 0; turn < 3; ++turn) {
    auto options = side_->options();
    options.consumer.instance_id = "two";
    auto second = side_->another_member(options);
    ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return second->inbox().health().has_value(); }));
    write(20);
    ASSERT_TRUE(side_->becomes(
        "SELECT count(DISTINCT event_id) > " + std::to_string(kKeys * (written[0] - 20)) + " FROM effect", "t"));
    second->stop();
    write(5);
  }
  const auto total = std::to_string(kKeys * written[0]);
  ASSERT_TRUE(side_->becomes("SELECT count(*) FROM effect", total, 30s));
  EXPECT_EQ(side_->database().value("SELECT count(DISTINCT event_id) FROM effect"), total);
  EXPECT_EQ(side_->database().value("SELECT bool_and(n = place)::text FROM (SELECT n, row_number() OVER (PARTITION BY "
                                    "key ORDER BY id) AS place FROM effect) AS e"),
            "true");
}

// Their order is compared, not a time: the calm event comes when the flood has begun, and overtakes most of it.
TEST_F(InboxOfBroker, ATopicThatIsFloodedDoesNotHoldUpAnother) {
  constexpr int kFlood = 600;
  const auto calm = kafka::testing::fresh_topic("calm", 1);
  auto options = side_->options();
  options.consumer.topics.push_back(calm);
  options.parallel = 2;
  options.waiting_per_topic = 100;
  std::map<Uuid, int> looks;
  side_->holding = [&](const Event& event) { return event.topic != calm && ++looks[event.event_id] <= 5; };
  std::vector<Event> flood;
  for (int key = 0; key < kFlood; ++key) flood.push_back(event("flood-" + std::to_string(key), 1));
  side_->start(options);
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return side_->inbox().caught_up(); }));
  side_->produce(records(flood));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return looks.size() > 10; }));
  side_->produce(records({sample_event(calm, "calm", 1)}));
  ASSERT_TRUE(side_->becomes("SELECT count(*) FROM effect", std::to_string(kFlood + 1), 60s));
  EXPECT_LT(std::stoi(side_->database().value("SELECT count(*) FROM effect WHERE id < (SELECT id FROM effect WHERE key "
                                              "= 'calm')")),
            kFlood / 2);
}

TEST_F(InboxOfBroker, TypesThatConcernOthersAreDiscarded) {
  auto all = events("a", 2);
  all[0].event_type = "ForSomebodyElse";
  side_->start();
  side_->produce(records(all));
  EXPECT_TRUE(side_->effects_become("a", "2"));
  EXPECT_EQ(status(all[0]), "discarded");
}

TEST_F(InboxOfBroker, ALostDatabaseConnectionDelaysAndLosesNothing) {
  side_->start();
  side_->produce(records(events("a", 3)));
  ASSERT_TRUE(side_->effects_become("a", "1,2,3"));
  int hits = 0;
  side_->failing = [&](const Event&) -> std::optional<Error> {
    // In the midst of the transaction.
    if (++hits == 2)
      side_->database().query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test' AND pid <> "
          "pg_backend_pid()");
    return std::nullopt;
  };
  side_->produce(records(events("b", 4)));
  EXPECT_TRUE(side_->effects_become("b", "1,2,3,4"));
}

TEST_F(InboxOfBroker, TheProcessSpanIsAChildOfTheCreationAndLinksToIt) {
  std::vector<telemetry::EndedSpan> spans;
  telemetry::set_test_sink([&](const telemetry::EndedSpan& span) { spans.push_back(span); });
  const auto sent = event("a", 1);
  side_->start();
  side_->produce({sample_record(sent)});
  ASSERT_TRUE(side_->effects_become("a", "1"));
  telemetry::set_test_sink({});
  const auto process = std::ranges::find(spans, "process " + side_->topic(), &telemetry::EndedSpan::name);
  ASSERT_NE(process, spans.end());
  EXPECT_EQ(process->kind, telemetry::SpanKind::kConsumer);
  EXPECT_EQ(process->parent.traceparent(), sent.creation.traceparent());
  ASSERT_THAT(process->links, SizeIs(1));
  EXPECT_EQ(process->links[0].traceparent(), sent.creation.traceparent());
}

}  // namespace
}  // namespace evc::messaging
