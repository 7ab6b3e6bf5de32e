#include "services/registry/apicurio/answers.hpp"

#include <gtest/gtest.h>

namespace evc::registry_service {
namespace {

TEST(Answers, SubjectsAreThoseOfOurs) {
  const auto names = subjects_of(
      R"({"artifacts":[{"artifactId":"payment.events-PaymentVoided","groupId":"default"},{"artifactId":"Else where"},
          {"artifactId":"charging.events-ChargingSessionEnded"},{"name":"x"}],"count":4})");
  ASSERT_TRUE(names);
  EXPECT_EQ(*names, (std::vector<std::string>{"charging.events-ChargingSessionEnded", "payment.events-PaymentVoided"}));
}

TEST(Answers, VersionsCountUpwards) {
  const auto versions =
      versions_of(R"({"versions":[{"version":"10"},{"version":"2"},{"version":"1"},{"version":"draft"}],"count":4})");
  ASSERT_TRUE(versions);
  EXPECT_EQ(*versions, (std::vector<std::uint32_t>{1, 2, 10}));
}

TEST(Answers, SomethingElseBreaksTheProtocol) {
  for (const char* body : {"", "[]", "{}", R"({"versions":{}})", "<html>"}) {
    EXPECT_EQ(versions_of(body).error().code, Code::kProtocolError) << body;
    EXPECT_EQ(subjects_of(body).error().code, Code::kProtocolError) << body;
  }
}

TEST(Answers, ABrokenRuleNamesItsPlaces) {
  const auto fields = broken_rule_of(
      R"({"causes":[{"description":"OBJECT_TYPE_REQUIRED_PROPERTIES_MEMBER_ADDED","context":"/properties/data/required"},
          {"description":"Something said in words","context":"/x"}],
          "detail":"…","title":"…","status":409,"name":"RuleViolationException"})");
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0].pointer, "/properties/data/required");
  EXPECT_EQ(fields[0].detail, "object type required properties member added");
  EXPECT_EQ(fields[1].detail, "Something said in words");
}

TEST(Answers, ABrokenRuleWithoutCausesIsOneAllTheSame) {
  const auto fields = broken_rule_of(R"({"causes":[],"status":409,"name":"RuleViolationException"})");
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_FALSE(fields[0].detail.empty());
}

TEST(Answers, AnotherConflictIsNoBrokenRule) {
  EXPECT_TRUE(broken_rule_of(R"({"status":409,"name":"VersionAlreadyExistsException"})").empty());
  EXPECT_TRUE(broken_rule_of("").empty());
  EXPECT_TRUE(broken_rule_of("[]").empty());
}

}  // namespace
}  // namespace evc::registry_service
