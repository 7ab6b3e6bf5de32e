#include "tools/topics/provision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace evc::topics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TopicCatalogue small_catalogue() {
  return {.single_broker = {1, 1},
          .cluster = {3, 2},
          .topics = {{"a.events", 6, {{"retention.ms", "1000"}}}},
          .grants = {{"maker", "TOPIC", "a.events", "WRITE"}},
          .principals = {"maker"}};
}

// A cluster that already is as the catalogue says.
Present provisioned(const TopicCatalogue& catalogue) {
  Present present{.cluster = {.brokers = 1}};
  for (const auto& topic : wanted_topics(catalogue, 1)) {
    present.cluster.partitions[topic.name] = topic.partitions;
    present.settings[topic.name] = topic.settings;
  }
  present.rules = wanted_rules(catalogue);
  return present;
}

const kafka::AccessRule kMakerWrites{
    .principal = "User:maker", .operation = "WRITE", .resource = "TOPIC", .name = "a.events"};

TEST(Plan, AnEmptyClusterGetsEverything) {
  const auto plan = make_plan(small_catalogue(), {.cluster = {.brokers = 1}});
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->create.size(), 1u);
  EXPECT_EQ(plan->create[0].replication_factor, 1);
  EXPECT_EQ(plan->create[0].settings.at("min.insync.replicas"), "1");
  EXPECT_THAT(plan->add, ElementsAre(kMakerWrites));
}

TEST(Plan, ThreeBrokersGetReplicas) {
  const auto plan = make_plan(small_catalogue(), {.cluster = {.brokers = 3}});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->create[0].replication_factor, 3);
  EXPECT_EQ(plan->create[0].settings.at("min.insync.replicas"), "2");
}

TEST(Plan, AProvisionedClusterIsLeftAlone) {
  const auto plan = make_plan(small_catalogue(), provisioned(small_catalogue()));
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->create, IsEmpty());
  EXPECT_THAT(plan->alter, IsEmpty());
  EXPECT_THAT(plan->add, IsEmpty());
  EXPECT_THAT(plan->remove, IsEmpty());
}

TEST(Plan, SettingsThatDifferAreReplacedWhole) {
  auto present = provisioned(small_catalogue());
  present.settings["a.events"]["segment.ms"] = "5";
  const auto plan = make_plan(small_catalogue(), present);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->alter.size(), 1u);
  EXPECT_FALSE(plan->alter[0].settings.contains("segment.ms"));
}

TEST(Plan, RulesThatAreNotInTheFileGo) {
  auto present = provisioned(small_catalogue());
  const kafka::AccessRule stranger{
      .principal = "User:stranger", .operation = "READ", .resource = "TOPIC", .name = "a.events"};
  const kafka::AccessRule too_much{
      .principal = "User:maker", .operation = "READ", .resource = "GROUP", .name = "others"};
  present.rules.push_back(stranger);
  present.rules.push_back(too_much);
  const auto plan = make_plan(small_catalogue(), present);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->remove, ElementsAre(stranger, too_much));
  EXPECT_THAT(plan->add, IsEmpty());
}

TEST(Plan, RulesOfOthersStay) {
  auto present = provisioned(small_catalogue());
  present.rules.push_back({.principal = "User:stranger", .operation = "READ", .resource = "TOPIC", .name = "theirs"});
  const auto plan = make_plan(small_catalogue(), present);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->remove, IsEmpty());
}

TEST(Plan, AForeignWildcardOverOurTopicsIsRefused) {
  for (const auto& [name, pattern] : {std::pair{"*", "LITERAL"}, std::pair{"a.", "PREFIXED"}}) {
    auto present = provisioned(small_catalogue());
    present.rules.push_back(
        {.principal = "User:stranger", .operation = "READ", .resource = "TOPIC", .name = name, .pattern = pattern});
    const auto plan = make_plan(small_catalogue(), present);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Code::kConflict);
    EXPECT_THAT(plan.error().detail, HasSubstr("User:stranger READ TOPIC"));
  }
}

TEST(Plan, AnotherNumberOfPartitionsIsRefused) {
  auto present = provisioned(small_catalogue());
  present.cluster.partitions["a.events"] = 3;
  const auto plan = make_plan(small_catalogue(), present);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().detail, HasSubstr("a.events has 3 partitions instead of 6"));
}

TEST(Plan, QuotasBecomeWhatTheFileSays) {
  auto catalogue = small_catalogue();
  catalogue.quotas = {{"maker", "relay", "producer_byte_rate", 1000}};
  auto present = provisioned(catalogue);
  present.quotas = {{"maker", "", "request_percentage", 5},           // by hand, on one of ours
                    {"maker", "relay", "producer_byte_rate", 999},    // another value
                    {"stranger", "relay", "producer_byte_rate", 1}};  // somebody else's
  const auto plan = make_plan(catalogue, present);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->quotas, ElementsAre(kafka::QuotaChange{"maker", "relay", "producer_byte_rate", 1000.0},
                                        kafka::QuotaChange{"maker", "", "request_percentage", std::nullopt}));
  present.quotas = catalogue.quotas;
  EXPECT_TRUE(make_plan(catalogue, present)->empty());
}

TEST(Catalogue, TheShippedFileHolds) {
  const auto catalogue = load_topic_catalogue("contracts/topics.yaml");
  EXPECT_EQ(catalogue.topics.size(), 8u);
  EXPECT_EQ(catalogue.find("charging.events")->partitions, 6);
  EXPECT_TRUE(catalogue.find("charging.events.payment.dlq"));
  EXPECT_THAT(catalogue.quotas,
              ElementsAre(kafka::Quota{"integrations", "relay-integrations", "producer_byte_rate", 2097152}));
  const auto rules = wanted_rules(catalogue);
  const kafka::AccessRule forbidden{
      .principal = "User:payment", .operation = "WRITE", .resource = "TOPIC", .name = "charging.events"};
  EXPECT_EQ(std::ranges::find(rules, forbidden), rules.end());
}

// The shipped file with one text exchanged: what the loader says about it.
std::string refusal(const std::string& text, const std::string& replacement) {
  std::ifstream shipped("contracts/topics.yaml");
  std::string yaml(std::istreambuf_iterator<char>(shipped), {});
  const auto at = yaml.find(text);
  EXPECT_NE(at, std::string::npos) << text;
  yaml.replace(at, text.size(), replacement);
  const auto file = std::filesystem::temp_directory_path() / ("topics-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(file) << yaml;
  std::string reason = "accepted";
  try {
    load_topic_catalogue(file.string());
  } catch (const std::runtime_error& error) {
    reason = error.what();
  }
  std::filesystem::remove(file);
  return reason;
}

TEST(Catalogue, MistakesAreNamedWithTheirPlace) {
  EXPECT_THAT(refusal("partitions: 6", "partition: 6"), HasSubstr("unknown key partition"));
  EXPECT_THAT(refusal("partitions: 6", "partitions: six"), HasSubstr("partitions has the wrong type"));
  EXPECT_THAT(refusal("name: charging.events.payment.dlq", "name: charging.events.dlq"),
              HasSubstr("the name must be charging.events.payment.dlq"));
  EXPECT_THAT(refusal("{ topic: charging.events,                 operations: [WRITE] }",
                      "{ topic: charging.event, operations: [WRITE] }"),
              HasSubstr("charging.event is not a topic of this file"));
  EXPECT_THAT(refusal("operations: [WRITE]", "operations: [ALL]"), HasSubstr("unknown operation ALL"));
  EXPECT_THAT(refusal("{ principal: integrations, client_id", "{ principal: nobody, client_id"),
              HasSubstr("nobody is not a principal of this file"));
  EXPECT_THAT(refusal("producer_byte_rate: 2097152", "producer_byte_rate: 0"), HasSubstr("must be at least 1"));
  EXPECT_THROW(load_topic_catalogue("/nowhere/topics.yaml"), std::runtime_error);
}

}  // namespace
}  // namespace evc::topics
