#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "kit/base/uuid.hpp"
#include "kit/kafka/consumer.hpp"
#include "kit/kafka/producer.hpp"
#include "kit/testing/run_task.hpp"
#include "tools/topics/provision.hpp"

namespace evc::topics {
namespace {

using ::testing::HasSubstr;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

kafka::ConnectOptions connect_as(const std::string& name) {
  return {.bootstrap = environment("EVC_TEST_KAFKA"),
          .identity = std::make_shared<net::Identity>(net::tls_files(environment("EVC_TEST_TLS_DIR"), name)),
          .client_id = "provision-test"};
}

class Provision : public ::testing::Test {
 protected:
  void SetUp() override {
    if (environment("EVC_TEST_KAFKA").empty()) GTEST_SKIP() << "run it under tools/testenv";
    topic_ = "provision." + to_string(uuid_v7());
    catalogue_ = {.topics = {{topic_, 2, {{"retention.ms", "60000"}}}},
                  .grants = {{"gateway", "TOPIC", topic_, "WRITE"}, {"routing", "TOPIC", topic_, "READ"}},
                  .principals = {"gateway", "routing", "user"}};
  }
  Result<Report> run() { return provision(catalogue_, environment("EVC_TEST_KAFKA"), environment("EVC_TEST_TLS_DIR")); }

  std::string topic_;
  TopicCatalogue catalogue_;
};

TEST_F(Provision, MakesTheTopicAndTheAccessAndIsRepeatable) {
  const auto first = run();
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->created, 1u);
  EXPECT_EQ(first->added, 2u);
  EXPECT_TRUE(first->not_probed.empty());
  const auto second = run();
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(second->created + second->altered + second->added + second->removed, 0u);
}

TEST_F(Provision, AccessIsInEffectWhenItReturns) {
  ASSERT_TRUE(run());
  for (const auto& [principal, sees] :
       {std::pair{"gateway", true}, std::pair{"routing", true}, std::pair{"user", false}}) {
    kafka::Admin admin(connect_as(principal));
    const auto view = admin.cluster();
    ASSERT_TRUE(view) << view.error().detail;
    EXPECT_EQ(view->partitions.contains(topic_), sees) << principal;
  }
}

TEST_F(Provision, WhatWasAddedByHandIsTakenBack) {
  ASSERT_TRUE(run());
  kafka::Admin admin(connect_as("platform-admin"));
  const kafka::AccessRule stray{.principal = "User:user", .operation = "WRITE", .resource = "TOPIC", .name = topic_};
  ASSERT_TRUE(admin.add_access({stray}));
  ASSERT_TRUE(admin.replace_settings(topic_, {{"retention.ms", "5"}}));
  const auto report = run();
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->removed, 1u);
  EXPECT_EQ(report->altered, 1u);
  const auto rules = admin.access_rules();
  ASSERT_TRUE(rules);
  EXPECT_EQ(std::ranges::find(*rules, stray), rules->end());
  const auto settings = admin.topic_settings({topic_});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->at(topic_).at("retention.ms"), "60000");
}

Task<> read_on(kafka::Consumer& reader) {
  while (true) {
    const auto records = co_await reader.poll(10, std::chrono::milliseconds(100));
    if (!records && records.error().code == Code::kCancelled) co_return;
  }
}

// Five and a half seconds' worth of bytes each. A broker counts over ten seconds: the first two exceed them, the third
// has to wait.
std::chrono::milliseconds time_of_three_sends(const std::string& client_id, const std::string& topic,
                                              double byte_rate) {
  Worker worker;
  auto connect = connect_as("gateway");
  connect.client_id = client_id;
  kafka::Producer producer(worker,
                           {.connect = connect, .delivery_timeout = std::chrono::seconds(15), .topics = {topic}});
  const auto send = [&] {
    std::vector<kafka::Record> records(
        40, {.topic = topic, .key = "k", .value = std::string(static_cast<std::size_t>(byte_rate * 5.5 / 40), 'x')});
    const auto sent = evc::testing::run_task(worker, producer.send(std::move(records)));
    EXPECT_TRUE(sent) << (sent ? "" : sent.error().detail);
  };
  const auto began = std::chrono::steady_clock::now();
  send();
  send();
  send();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
}

TEST_F(Provision, AQuotaIsSetReadBackFeltAndRemoved) {
  constexpr double kRate = 20'000;
  catalogue_.quotas = {{"gateway", "relay-gateway", "producer_byte_rate", kRate}};
  const auto report = run();
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->quotas_changed, 1u);
  const auto admin = connect_as("platform-admin");
  const auto quotas = kafka::read_quotas(admin);
  ASSERT_TRUE(quotas) << quotas.error().detail;
  EXPECT_THAT(*quotas, ::testing::Contains(catalogue_.quotas[0]));

  // Who has another client id does not wait.
  const auto free = time_of_three_sends("gateway", topic_, kRate);
  const auto bound = time_of_three_sends("relay-gateway", topic_, kRate);
  EXPECT_GT(bound, free + std::chrono::milliseconds(500)) << bound.count() << " ms against " << free.count();

  catalogue_.quotas.clear();
  ASSERT_TRUE(run());
  const auto after = kafka::read_quotas(admin);
  ASSERT_TRUE(after);
  EXPECT_THAT(*after, ::testing::IsEmpty());
}

TEST_F(Provision, WritersWaitForTheReadersAndNotForEver) {
  catalogue_.grants.push_back({"routing", "GROUP", "routing." + topic_, "READ"});
  const auto alone = provision(catalogue_, environment("EVC_TEST_KAFKA"), environment("EVC_TEST_TLS_DIR"),
                               {.readers_first = std::chrono::seconds(1)});
  ASSERT_TRUE(alone) << alone.error().detail;
  EXPECT_THAT(alone->not_joined, ::testing::ElementsAre("routing." + topic_));
  EXPECT_EQ(alone->added, 3u);

  Worker worker;
  kafka::Consumer reader(
      worker,
      {.connect = connect_as("routing"), .group = "routing." + topic_, .instance_id = "one", .topics = {topic_}});
  worker.tasks().spawn("read", read_on(reader));
  worker.start();
  const auto together = provision(catalogue_, environment("EVC_TEST_KAFKA"), environment("EVC_TEST_TLS_DIR"),
                                  {.readers_first = std::chrono::seconds(60)});
  worker.stop();
  worker.join();
  ASSERT_TRUE(together) << together.error().detail;
  EXPECT_THAT(together->not_joined, ::testing::IsEmpty());
}

TEST_F(Provision, AnOrdinaryCertificateMayNotSetQuotas) {
  const auto refused = kafka::change_quotas(connect_as("gateway"), {{"gateway", "", "producer_byte_rate", 1e9}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kForbidden);
}

TEST_F(Provision, AnOrdinaryCertificateMayNotProvision) {
  kafka::Admin admin(connect_as("charging"));
  const auto refused = admin.create_topics({{topic_, 1, 1, {}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kForbidden);
  EXPECT_THAT(refused.error().detail, HasSubstr("TOPIC_AUTHORIZATION_FAILED"));
}

TEST_F(Provision, AnUnreachableBrokerIsNamed) {
  auto connect = connect_as("platform-admin");
  connect.bootstrap = "127.0.0.1:1";
  kafka::Admin admin(connect);
  const auto nobody = admin.cluster();
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Code::kBrokerUnavailable);
  EXPECT_THAT(nobody.error().detail, HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace evc::topics
