#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "kit/base/uuid.hpp"
#include "tools/topics/provision.hpp"

namespace evc::topics {
namespace {

using testing::HasSubstr;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

kafka::ConnectOptions connect_as(const std::string& name) {
  return {.bootstrap = environment("EVC_TEST_KAFKA"),
          .identity = std::make_shared<net::Identity>(net::tls_files(environment("EVC_TEST_TLS_DIR"), name)),
          .client_id = "provision-test"};
}

class Provision : public testing::Test {
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
