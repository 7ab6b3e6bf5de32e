#include "kit/kafka/consumer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "kit/kafka/producer.hpp"
#include "kit/kafka/testing/broker.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::kafka {
namespace {

using namespace std::chrono_literals;
using evc::testing::run_task;
using testing::connect_as;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class ConsumerOfBroker : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
    group_ = testing::fresh_name("group");
  }
  void produce(const std::string& topic, int from, int to, int partition = 0) {
    Producer producer(worker_, {.connect = connect_as("platform-admin"), .topics = {topic}});
    std::vector<Record> records;
    for (int i = from; i < to; ++i)
      records.push_back({.topic = topic, .key = "k", .value = std::to_string(i), .partition = partition});
    const auto sent = run_task(worker_, producer.send(std::move(records)));
    ASSERT_TRUE(sent) << sent.error().detail;
  }
  ConsumerOptions member(const std::string& topic, const std::string& instance) {
    return {.connect = connect_as("platform-admin"), .group = group_, .instance_id = instance, .topics = {topic}};
  }
  // Values up to `count`, or what came within the wait.
  std::vector<std::string> take(Consumer& consumer, std::size_t count, std::chrono::milliseconds wait = 10s) {
    std::vector<std::string> values;
    while (values.size() < count) {
      const auto records = run_task(worker_, consumer.poll(count - values.size(), wait));
      if (!records || records->empty()) break;
      for (const auto& record : *records) values.push_back(record.value);
      last_ = records->back();
    }
    return values;
  }
  Worker worker_;
  std::string group_;
  Record last_;
};

TEST_F(ConsumerOfBroker, ANewGroupBeginsWithTheFirstRecordAndGoesOnFromItsCommit) {
  const auto topic = testing::fresh_topic("consume");
  produce(topic, 0, 5);
  {
    Consumer consumer(worker_, member(topic, "one"));
    EXPECT_THAT(take(consumer, 3), ElementsAre("0", "1", "2"));
    EXPECT_THAT(consumer.assignment(), ElementsAre(TopicPartition{topic, 0}));
    ASSERT_TRUE(consumer.commit({last_}));
    run_task(worker_, consumer.close());
  }
  Consumer again(worker_, member(topic, "one"));
  EXPECT_THAT(take(again, 2), ElementsAre("3", "4"));
  run_task(worker_, again.close());
}

TEST_F(ConsumerOfBroker, WhatWasNotCommittedComesAgain) {
  const auto topic = testing::fresh_topic("again");
  produce(topic, 0, 3);
  {
    Consumer consumer(worker_, member(topic, "one"));
    EXPECT_THAT(take(consumer, 3), SizeIs(3));
    run_task(worker_, consumer.close());
  }
  Consumer again(worker_, member(topic, "one"));
  EXPECT_THAT(take(again, 3), ElementsAre("0", "1", "2"));
  run_task(worker_, again.close());
}

TEST_F(ConsumerOfBroker, APausedPartitionIsSilentAndLosesNothing) {
  const auto topic = testing::fresh_topic("pause");
  produce(topic, 0, 10);
  Consumer consumer(worker_, member(topic, "one"));
  EXPECT_THAT(take(consumer, 2), ElementsAre("0", "1"));
  consumer.pause({topic, 0});
  EXPECT_THAT(take(consumer, 1, 500ms), SizeIs(0));
  consumer.resume({topic, 0});
  EXPECT_THAT(take(consumer, 8), ElementsAre("2", "3", "4", "5", "6", "7", "8", "9"));
  run_task(worker_, consumer.close());
}

TEST_F(ConsumerOfBroker, ASecondMemberTakesItsShareAndTheFirstIsTold) {
  const auto topic = testing::fresh_topic("share", 2);
  std::vector<TopicPartition> revoked;
  Consumer first(worker_, member(topic, "one"));
  first.on_revoked([&](const std::vector<TopicPartition>& lost) { revoked = lost; });
  ASSERT_TRUE(run_task(worker_, first.poll(1, 5s)));
  ASSERT_THAT(first.assignment(), SizeIs(2));
  Consumer second(worker_, member(topic, "two"));
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while ((first.assignment().size() != 1 || second.assignment().size() != 1) &&
         std::chrono::steady_clock::now() < deadline) {
    run_task(worker_, first.poll(1, 50ms));
    run_task(worker_, second.poll(1, 50ms));
  }
  EXPECT_THAT(first.assignment(), ElementsAre(TopicPartition{topic, 0}));
  EXPECT_THAT(second.assignment(), ElementsAre(TopicPartition{topic, 1}));
  EXPECT_THAT(revoked, SizeIs(2));
  // A record of the partition that was given away moves nothing.
  EXPECT_TRUE(first.commit({Record{.topic = topic, .partition = 1, .offset = 41}}));
  run_task(worker_, first.close());
  run_task(worker_, second.close());
}

TEST_F(ConsumerOfBroker, TheNewerOfTwoWithOneNameStays) {
  const auto topic = testing::fresh_topic("fenced");
  produce(topic, 0, 1);
  Consumer older(worker_, member(topic, "same"));
  EXPECT_THAT(take(older, 1), SizeIs(1));
  Consumer newer(worker_, member(topic, "same"));
  EXPECT_THAT(take(newer, 1), SizeIs(1));
  std::optional<Code> outcome;
  const auto deadline = std::chrono::steady_clock::now() + 15s;
  while (!outcome && std::chrono::steady_clock::now() < deadline) {
    const auto polled = run_task(worker_, older.poll(1, 200ms));
    run_task(worker_, newer.poll(1, 50ms));
    if (!polled) outcome = polled.error().code;
  }
  EXPECT_EQ(outcome, Code::kConflict);
  EXPECT_TRUE(run_task(worker_, newer.poll(1, 100ms)));
  run_task(worker_, newer.close());
}

TEST_F(ConsumerOfBroker, ItJoinsAgainUnderItsNameWithARenewedCertificate) {
  const auto topic = testing::fresh_topic("renewed");
  produce(topic, 0, 4);
  evc::testing::Certificates certificates(std::getenv("EVC_TEST_TLS_DIR"), {"platform-admin"}, 1h);
  auto options = member(topic, "one");
  options.connect.identity = std::make_shared<net::Identity>(net::tls_files(certificates.dir(), "platform-admin"));
  Consumer consumer(worker_, options);
  std::vector<TopicPartition> revoked;
  consumer.on_revoked([&](const std::vector<TopicPartition>& lost) { revoked = lost; });
  EXPECT_THAT(take(consumer, 2), ElementsAre("0", "1"));
  ASSERT_TRUE(consumer.commit({last_}));
  EXPECT_FALSE(consumer.outdated());
  certificates.renew("platform-admin");
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return consumer.outdated(); }, 5s));
  const auto begun = std::chrono::steady_clock::now();
  run_task(worker_, consumer.reopen());
  EXPECT_THAT(revoked, ElementsAre(TopicPartition{topic, 0})) << "what was not committed comes again";
  EXPECT_THAT(take(consumer, 2), ElementsAre("2", "3"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 8s) << "nobody waits for the end of the old session (10 s)";
  EXPECT_FALSE(consumer.outdated());
  run_task(worker_, consumer.close());
}

TEST_F(ConsumerOfBroker, AMemberThatComesBackMovesNobodysPartitions) {
  const auto topic = testing::fresh_topic("static", 2);
  Consumer first(worker_, member(topic, "one"));
  auto second = std::make_unique<Consumer>(worker_, member(topic, "two"));
  const auto shared = [&] { return first.assignment().size() == 1 && second->assignment().size() == 1; };
  const auto poll_both = [&] {
    run_task(worker_, first.poll(1, 50ms));
    run_task(worker_, second->poll(1, 50ms));
  };
  auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!shared() && std::chrono::steady_clock::now() < deadline) poll_both();
  ASSERT_TRUE(shared());
  const auto of_second = second->assignment();
  int revocations = 0;
  first.on_revoked([&](const std::vector<TopicPartition>&) { ++revocations; });
  run_task(worker_, second->close());
  second = std::make_unique<Consumer>(worker_, member(topic, "two"));
  deadline = std::chrono::steady_clock::now() + 8s;
  while (!shared() && std::chrono::steady_clock::now() < deadline) poll_both();
  EXPECT_EQ(second->assignment(), of_second);
  EXPECT_EQ(revocations, 0);
  run_task(worker_, first.close());
  run_task(worker_, second->close());
}

TEST_F(ConsumerOfBroker, TheSameRangeOfEachTopicGoesToOneMember) {
  const auto one = testing::fresh_topic("range-a", 4);
  const auto other = testing::fresh_topic("range-b", 4);
  const auto both = [&](const std::string& instance) {
    auto options = member(one, instance);
    options.topics.push_back(other);
    return options;
  };
  Consumer first(worker_, both("one"));
  Consumer second(worker_, both("two"));
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while ((first.assignment().size() != 4 || second.assignment().size() != 4) &&
         std::chrono::steady_clock::now() < deadline) {
    run_task(worker_, first.poll(1, 50ms));
    run_task(worker_, second.poll(1, 50ms));
  }
  for (const Consumer* each : {&first, &second}) {
    std::vector<std::int32_t> of_one, of_other;
    for (const auto& [topic, partition] : each->assignment()) (topic == one ? of_one : of_other).push_back(partition);
    EXPECT_EQ(of_one, of_other) << "a key that is on both topics is one member's";
    EXPECT_THAT(of_one, SizeIs(2));
    EXPECT_EQ(of_one[1], of_one[0] + 1) << "a range";
  }
  run_task(worker_, first.close());
  run_task(worker_, second.close());
}

TEST_F(ConsumerOfBroker, WhoReadsSlowlyHoldsLittleInMemory) {
  const auto topic = testing::fresh_topic("slow");
  constexpr std::size_t kRecords = 60, kBytes = 500'000;
  {
    Producer producer(worker_, {.connect = connect_as("platform-admin"), .topics = {topic}});
    const std::vector<Record> records(10, {.topic = topic, .key = "k", .value = std::string(kBytes, 'x')});
    for (std::size_t i = 0; i < kRecords; i += records.size()) ASSERT_TRUE(run_task(worker_, producer.send(records)));
  }
  const auto options = member(topic, "one");
  Consumer consumer(worker_, options);
  EXPECT_EQ(consumer.fetched_ahead(), -1);
  std::size_t read = 0;
  while (consumer.fetched_ahead() < 0 && read < kRecords) {
    ASSERT_THAT(take(consumer, 1), SizeIs(1));
    ++read;
    const auto next = std::chrono::steady_clock::now() + 200ms;
    evc::testing::run_until(worker_, [&] { return std::chrono::steady_clock::now() >= next; });
  }
  constexpr std::int64_t kOneFetch = 1'118'208;
  EXPECT_GT(consumer.fetched_ahead(), 0);
  EXPECT_LE(consumer.fetched_ahead(), static_cast<std::int64_t>(options.queued_max_kbytes * 1024) + kOneFetch);
  EXPECT_THAT(take(consumer, kRecords - read), SizeIs(kRecords - read));
  run_task(worker_, consumer.close());
}

TEST_F(ConsumerOfBroker, AForeignTopicIsForbidden) {
  const auto topic = testing::fresh_topic("foreign");
  auto options = member(topic, "one");
  options.connect = connect_as("user");
  Consumer consumer(worker_, options);
  const auto polled = run_task(worker_, consumer.poll(1, 10s));
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, Code::kForbidden);
}

TEST_F(ConsumerOfBroker, LagCountsWhatIsBehind) {
  const auto topic = testing::fresh_topic("lag");
  produce(topic, 0, 10);
  Consumer consumer(worker_, member(topic, "one"));
  EXPECT_EQ(consumer.lag(), -1);
  EXPECT_THAT(take(consumer, 4), SizeIs(4));
  ASSERT_TRUE(consumer.commit({last_}));
  consumer.pause({topic, 0});
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (consumer.lag() != 6 && std::chrono::steady_clock::now() < deadline) run_task(worker_, consumer.poll(1, 100ms));
  EXPECT_EQ(consumer.lag(), 6);
  run_task(worker_, consumer.close());

  Admin admin(connect_as("platform-admin"));
  const auto all = admin.lag();
  ASSERT_TRUE(all) << all.error().detail;
  for (const auto& each : *all)
    if (each.group == group_) EXPECT_EQ(each.lag, 6);
}

TEST_F(ConsumerOfBroker, AnUnreachableBrokerIsSaid) {
  auto options = member("nothing", "one");
  options.connect.bootstrap = "127.0.0.1:1";
  Consumer consumer(worker_, options);
  const auto polled = run_task(worker_, consumer.poll(1, 10s));
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, Code::kBrokerUnavailable);
}

}  // namespace
}  // namespace evc::kafka
