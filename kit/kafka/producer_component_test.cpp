#include "kit/kafka/producer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kit/kafka/consumer.hpp"
#include "kit/kafka/testing/broker.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::kafka {
namespace {

using namespace std::chrono_literals;
using evc::testing::run_task;
using testing::connect_as;
using ::testing::HasSubstr;

class ProducerToBroker : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
  }
  ProducerOptions options(const std::string& topic, std::chrono::milliseconds timeout = 10s) {
    return {.connect = connect_as("platform-admin"), .delivery_timeout = timeout, .topics = {topic}};
  }
  // Everything that is in the topic, in the order of its partitions.
  std::vector<Record> read(const std::string& topic, std::size_t count) {
    Consumer consumer(worker_, {.connect = connect_as("platform-admin"),
                                .group = testing::fresh_name("reader"),
                                .instance_id = "reader",
                                .topics = {topic}});
    std::vector<Record> all;
    while (all.size() < count) {
      auto some = run_task(worker_, consumer.poll(1000, 10s));
      if (!some || some->empty()) break;
      for (auto& record : *some) all.push_back(std::move(record));
    }
    run_task(worker_, consumer.close());
    return all;
  }
  Worker worker_;
};

TEST_F(ProducerToBroker, EveryRecordIsReportedInOrderAndArrivesByteForByte) {
  const auto topic = testing::fresh_topic("produce");
  Producer producer(worker_, options(topic));
  const std::string bytes("\x00\xff header", 9);
  std::vector<Record> records;
  for (int i = 0; i < 2000; ++i)
    records.push_back({.topic = topic,
                       .key = "key",
                       .value = "value " + std::to_string(i) + std::string(500, 'x'),
                       .headers = {{"h", "1"}, {"binary", bytes}, {"h", "2"}, {"empty", ""}},
                       .timestamp = WallTime(1'700'000'000'123ms)});
  const auto sent = run_task(worker_, producer.send(records));
  ASSERT_TRUE(sent) << sent.error().detail;
  ASSERT_EQ(sent->size(), records.size());
  for (std::size_t i = 0; i < sent->size(); ++i) {
    ASSERT_EQ((*sent)[i].outcome, Delivery::Outcome::kDelivered);
    ASSERT_EQ((*sent)[i].offset, static_cast<std::int64_t>(i));
  }
  const auto read_back = read(topic, records.size());
  ASSERT_EQ(read_back.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    ASSERT_EQ(read_back[i].value, records[i].value);
    ASSERT_EQ(read_back[i].headers, records[i].headers);
    ASSERT_EQ(read_back[i].timestamp, records[i].timestamp);
  }
}

// Vectors of the Java client's murmur2: a consumer of any language finds a key where we put it.
TEST_F(ProducerToBroker, KeysGoWhereTheJavaClientPutsThem) {
  constexpr int kPartitions = 6;
  const auto topic = testing::fresh_topic("murmur2", kPartitions);
  const std::vector<std::pair<std::string, std::int32_t>> vectors{{"21", -973932308},
                                                                  {"foobar", -790332482},
                                                                  {"a-little-bit-long-string", -985981536},
                                                                  {"a-little-bit-longer-string", -1486304829},
                                                                  {"abc", 479470107}};
  std::vector<Record> records;
  for (const auto& [key, hash] : vectors) records.push_back({.topic = topic, .key = key});
  Producer producer(worker_, options(topic));
  const auto sent = run_task(worker_, producer.send(records));
  ASSERT_TRUE(sent) << sent.error().detail;
  for (std::size_t i = 0; i < vectors.size(); ++i)
    EXPECT_EQ((*sent)[i].partition, (vectors[i].second & 0x7fffffff) % kPartitions) << vectors[i].first;
}

TEST_F(ProducerToBroker, ATooLargeRecordIsRefusedAloneAndTheInstanceGoesOn) {
  const auto topic = testing::fresh_topic("large", 1, {{"max.message.bytes", "300000"}});
  Producer producer(worker_, options(topic));
  const std::vector<Record> records{{.topic = topic, .key = "a", .value = "small"},
                                    {.topic = topic, .key = "b", .value = std::string(400'000, 'x')},
                                    {.topic = topic, .key = "c", .value = std::string(2'000'000, 'x')},
                                    {.topic = topic, .key = "d", .value = "small"}};
  const auto sent = run_task(worker_, producer.send(records));
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ((*sent)[0].outcome, Delivery::Outcome::kDelivered);
  EXPECT_EQ((*sent)[1].outcome, Delivery::Outcome::kRefused);
  EXPECT_THAT((*sent)[1].reason, HasSubstr("SIZE_TOO_LARGE"));
  EXPECT_EQ((*sent)[2].outcome, Delivery::Outcome::kRefused);
  EXPECT_EQ((*sent)[3].outcome, Delivery::Outcome::kDelivered);
  EXPECT_TRUE(run_task(worker_, producer.send({records[0]})));
  EXPECT_EQ(producer.rebuilds(), 0);
}

TEST_F(ProducerToBroker, ABatchThatIsTooLargeCostsOnlyItsLargeRecord) {
  const auto topic = testing::fresh_topic("batch", 1, {{"max.message.bytes", "30000"}});
  Producer producer(worker_, options(topic));
  std::vector<Record> records(40, {.topic = topic, .key = "k", .value = std::string(1'000, 'x')});
  records[20].value = std::string(40'000, 'x');
  const auto sent = run_task(worker_, producer.send(records));
  ASSERT_TRUE(sent) << sent.error().detail;
  for (std::size_t i = 0; i < records.size(); ++i)
    EXPECT_EQ((*sent)[i].outcome, i == 20 ? Delivery::Outcome::kRefused : Delivery::Outcome::kDelivered) << i;
}

TEST_F(ProducerToBroker, AMissingRightIsNotTheRecordsFault) {
  const auto topic = testing::fresh_topic("denied");
  auto foreign = options(topic, 3s);
  foreign.connect = connect_as("user");
  Producer producer(worker_, foreign);
  const auto sent = run_task(worker_, producer.send({{.topic = topic, .key = "k", .value = "v"}}));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::kBrokerUnavailable);
}

TEST_F(ProducerToBroker, AHangingBrokerIsGivenUpInTimeAndUsedAgainWhenItWakes) {
  const auto topic = testing::fresh_topic("hang");
  Producer producer(worker_, options(topic, 2s));
  std::vector<Record> records;
  for (int i = 0; i < 100; ++i) records.push_back({.topic = topic, .key = "k", .value = std::to_string(i)});
  ASSERT_TRUE(run_task(worker_, producer.send({records[0]})));
  {
    testing::BrokerHangs hangs;
    const auto begun = std::chrono::steady_clock::now();
    const auto sent = run_task(worker_, producer.send(records));
    const auto took = std::chrono::steady_clock::now() - begun;
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Code::kBrokerUnavailable);
    EXPECT_GE(took, 1900ms);
    EXPECT_LT(took, 3500ms);
  }
  auto again = run_task(worker_, producer.send(records));
  for (int tries = 0; !again && tries < 5; ++tries) again = run_task(worker_, producer.send(records));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_GE(producer.rebuilds(), 1);
  // Records may stand there twice, but the first occurrences keep their order.
  const auto all = read(topic, 101);
  int next = 0;
  for (const auto& record : all)
    if (record.value == std::to_string(next)) ++next;
  EXPECT_EQ(next, 100);
}

Task<> send_and_note(Producer& producer, std::vector<Record> records, std::optional<Code>& outcome) {
  const auto sent = co_await producer.send(std::move(records));
  outcome = sent ? Code::kInternal : sent.error().code;
}

TEST_F(ProducerToBroker, ARenewedCertificateIsTakenOverBetweenTwoBatches) {
  const auto topic = testing::fresh_topic("renewed");
  evc::testing::Certificates certificates(std::getenv("EVC_TEST_TLS_DIR"), {"platform-admin"}, 1h);
  auto with = options(topic);
  with.connect.identity = std::make_shared<net::Identity>(net::tls_files(certificates.dir(), "platform-admin"));
  Producer producer(worker_, with);
  int sent = 0;
  const auto send_one = [&] {
    const auto outcome =
        run_task(worker_, producer.send({{.topic = topic, .key = "k", .value = std::to_string(sent)}}));
    ASSERT_TRUE(outcome) << outcome.error().detail;
    ++sent;
  };
  send_one();
  certificates.renew("platform-admin");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (producer.rebuilds() == 0 && std::chrono::steady_clock::now() < deadline) send_one();
  EXPECT_EQ(producer.rebuilds(), 1);
  send_one();
  certificates.renew("platform-admin");
  while (producer.rebuilds() == 1 && std::chrono::steady_clock::now() < deadline) producer.renew();
  EXPECT_EQ(producer.rebuilds(), 2) << "without a batch as well";
  send_one();
  const auto all = read(topic, static_cast<std::size_t>(sent));
  ASSERT_EQ(all.size(), static_cast<std::size_t>(sent));
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i].value, std::to_string(i));
}

TEST_F(ProducerToBroker, CancellationEndsAWaitingSend) {
  const auto topic = testing::fresh_topic("cancel");
  auto unreachable = options(topic);
  unreachable.connect.bootstrap = "127.0.0.1:1";
  Producer producer(worker_, unreachable);
  std::optional<Code> outcome;
  worker_.tasks().spawn("send", send_and_note(producer, {{.topic = topic, .key = "k"}}, outcome));
  worker_.io().poll();
  worker_.tasks().cancel();
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome, Code::kCancelled);
}

TEST_F(ProducerToBroker, CloseEndsAWaitingSend) {
  const auto topic = testing::fresh_topic("close");
  auto unreachable = options(topic);
  unreachable.connect.bootstrap = "127.0.0.1:1";
  Producer producer(worker_, unreachable);
  std::optional<Code> outcome;
  worker_.tasks().spawn("send", send_and_note(producer, {{.topic = topic, .key = "k"}}, outcome));
  worker_.io().poll();
  producer.close();
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome, Code::kCancelled);
}

TEST(ProducerStart, UnreadableCertificatesEndIt) {
  Worker worker;
  EXPECT_THROW(Producer(worker, {.connect = {.bootstrap = "127.0.0.1:1"}}), std::runtime_error);
}

}  // namespace
}  // namespace evc::kafka
