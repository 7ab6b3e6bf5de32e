#include "kit/registry/agreement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "kit/testing/run_task.hpp"

namespace evc::registry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Kind = Agreement::Kind;

constexpr std::string_view kSubject = "charging.events-ChargingSessionEnded";

// A registry in memory; `answer_with` is what it fails with instead.
class Memory final : public Schemas {
 public:
  std::map<std::string, std::map<std::uint32_t, std::string>> content;
  std::optional<Error> fails_with, refuses_with;
  std::vector<std::string> enrolled;

  Task<Result<std::vector<std::uint32_t>>> versions(RequestContext&, std::string subject) override {
    if (fails_with) co_return std::unexpected(*fails_with);
    std::vector<std::uint32_t> found;
    for (const auto& [version, text] : content[subject]) found.push_back(version);
    co_return found;
  }
  Task<Result<std::string>> resolve(RequestContext&, Reference reference) override {
    co_return content[reference.subject].at(reference.version);
  }
  Task<Result<void>> enrol(RequestContext&, Reference reference, std::string schema) override {
    if (refuses_with) co_return std::unexpected(*refuses_with);
    enrolled.push_back(to_string(reference));
    content[reference.subject][reference.version] = std::move(schema);
    co_return Result<void>{};
  }
  Task<Result<std::vector<FieldError>>> incompatibilities(RequestContext&, std::string, std::string) override {
    co_return std::vector<FieldError>{};
  }
};

contracts::SchemaVersion version(std::uint32_t number, std::string_view text, std::string_view subject = kSubject) {
  return {.subject = subject, .topic = "charging.events", .reference = "", .version = number, .text = text};
}

class AgreementTest : public ::testing::Test {
 protected:
  Agreement agreed(Duty duty) {
    RequestContext context;
    return evc::testing::run_task(worker, agree(context, memory, std::move(duty)));
  }

  Worker worker;
  Memory memory;
};

TEST_F(AgreementTest, AnEmptyRegistryGetsEveryVersionInOrder) {
  const Agreement result = agreed({.writes = {version(1, R"({"v":1})"), version(2, R"({"v":2})"),
                                              version(1, R"({"v":1})", "charging.events-Other")}});
  EXPECT_EQ(result.kind, Kind::kAgreed) << result.reason;
  EXPECT_THAT(memory.enrolled, ::testing::ElementsAre("urn:evcosta:schema:charging.events-ChargingSessionEnded:1",
                                                      "urn:evcosta:schema:charging.events-ChargingSessionEnded:2",
                                                      "urn:evcosta:schema:charging.events-Other:1"));
}

TEST_F(AgreementTest, WhatIsThereAlreadyIsOnlyCompared) {
  memory.content[std::string(kSubject)] = {{1, R"({"b":2,"a":1})"}, {2, R"({"v":2})"}, {3, R"({"v":3})"}};
  const Agreement result = agreed({.writes = {version(1, R"({"a":1,"b":2})"), version(2, R"({"v":2})")}});
  EXPECT_EQ(result.kind, Kind::kAgreed) << "an older program beside a newer registry: " << result.reason;
  EXPECT_TRUE(memory.enrolled.empty());
}

TEST_F(AgreementTest, AnotherContentIsRefusedWithItsPlace) {
  memory.content[std::string(kSubject)] = {{1, R"({"properties":{"energyWh":{"type":"string"}}})"}};
  const Agreement result =
      agreed({.writes = {version(1, R"({"properties":{"energyWh":{"type":"integer"}}})"), version(2, "{}")}});
  EXPECT_EQ(result.kind, Kind::kRefused);
  EXPECT_THAT(result.reason, AllOf(HasSubstr("charging.events-ChargingSessionEnded version 1"),
                                   HasSubstr("/properties/energyWh/type")));
  EXPECT_TRUE(memory.enrolled.empty()) << "nothing is written after a refusal";
}

TEST_F(AgreementTest, AnIncompatibleVersionIsRefusedWithItsMembers) {
  memory.content[std::string(kSubject)] = {{1, "{}"}};
  memory.refuses_with =
      Error{.code = Code::kConflict, .fields = {{"/properties/data/properties/note", "required property added"}}};
  const Agreement result = agreed({.writes = {version(1, "{}"), version(2, R"({"x":1})")}});
  EXPECT_EQ(result.kind, Kind::kRefused);
  EXPECT_THAT(result.reason, AllOf(HasSubstr("charging.events-ChargingSessionEnded version 2 is not compatible"),
                                   HasSubstr("/properties/data/properties/note: required property added")));
}

TEST_F(AgreementTest, ManyMembersAreCut) {
  memory.refuses_with = Error{.code = Code::kConflict};
  for (int i = 0; i < 7; ++i) memory.refuses_with->fields.push_back({"/m" + std::to_string(i), "gone"});
  EXPECT_THAT(agreed({.writes = {version(1, "{}")}}).reason,
              AllOf(HasSubstr("/m4: gone"), HasSubstr("and 2 more"), ::testing::Not(HasSubstr("/m5"))));
}

TEST_F(AgreementTest, ACertificateThatMayNotIsRefused) {
  memory.refuses_with = Error{.code = Code::kForbidden, .detail = "the producer of the topic alone"};
  const Agreement result = agreed({.writes = {version(1, "{}")}});
  EXPECT_EQ(result.kind, Kind::kRefused);
  EXPECT_THAT(result.reason, HasSubstr("forbidden"));
}

TEST_F(AgreementTest, NoAnswerIsNoRefusal) {
  for (const Code code : {Code::kConnectionFailed, Code::kUpstreamTimeout, Code::kServiceUnavailable,
                          Code::kUpstreamFailed, Code::kCircuitOpen, Code::kProtocolError, Code::kNotFound}) {
    memory.fails_with = Error{.code = code, .detail = "away"};
    const Agreement result = agreed({.writes = {version(1, "{}")}});
    EXPECT_EQ(result.kind, Kind::kAway) << info(code).name;
    EXPECT_THAT(result.reason, HasSubstr(std::string(info(code).name)));
  }
}

TEST_F(AgreementTest, ANewerVersionOfWhatIsReadIsNews) {
  memory.content[std::string(kSubject)] = {{1, "{}"}, {2, R"({"v":2})"}};
  const Agreement result = agreed({.reads = {version(1, "{}")}});
  EXPECT_EQ(result.kind, Kind::kAgreed);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_EQ(result.notes[0].subject, kSubject);
  EXPECT_THAT(result.notes[0].text, AllOf(HasSubstr("version 2"), HasSubstr("knows 1")));
}

TEST_F(AgreementTest, ReadingWhatNobodyRegisteredYetIsNothing) {
  const Agreement result = agreed({.reads = {version(1, "{}"), version(2, "{}")}});
  EXPECT_EQ(result.kind, Kind::kAgreed);
  EXPECT_TRUE(result.notes.empty());
  EXPECT_TRUE(memory.enrolled.empty()) << "a consumer registers nothing";
}

TEST_F(AgreementTest, AnotherContentOfWhatIsReadIsTold) {
  memory.content[std::string(kSubject)] = {{1, R"({"v":"other"})"}};
  const Agreement result = agreed({.reads = {version(1, R"({"v":"ours"})")}});
  EXPECT_EQ(result.kind, Kind::kAgreed);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_THAT(result.notes[0].text, HasSubstr("/v"));
}

TEST(Duty, FollowsFromTheContract) {
  const Duty charging = duty_of("charging");
  ASSERT_FALSE(charging.writes.empty());
  for (const auto& schema : charging.writes) EXPECT_EQ(schema.topic, "charging.events");
  std::set<std::string_view> read;
  for (const auto& schema : charging.reads) read.insert(schema.topic);
  EXPECT_EQ(read, (std::set<std::string_view>{"payment.events", "integration.events"}));
  EXPECT_TRUE(duty_of("gateway").writes.empty());
  EXPECT_TRUE(duty_of("gateway").reads.empty());
}

}  // namespace
}  // namespace evc::registry
