#include "services/integrations/domain/ocpp/commands.hpp"

#include <gtest/gtest.h>

namespace evc::integrations::ocpp {
namespace {

using evc::ocpp::Settled;

Settled answered(std::string_view status) {
  return {.outcome = Settled::Outcome::kResult, .payload = {{"status", status}}};
}

TEST(Commands, NamesAreTheContractsNames) {
  EXPECT_EQ(name_of(CommandKind::kRemoteStart), "remoteStart");
  EXPECT_EQ(action_of(CommandKind::kTrigger), "TriggerMessage");
  EXPECT_EQ(command_kind("changeAvailability"), CommandKind::kChangeAvailability);
  EXPECT_FALSE(command_kind("explode"));
}

TEST(Commands, AnswersAreJudged) {
  EXPECT_EQ(judge(answered("Accepted")).result, CommandResult::kAccepted);
  EXPECT_EQ(judge(answered("Rejected")).result, CommandResult::kRejected);
  EXPECT_EQ(judge(answered("Unlocked")).result, CommandResult::kAccepted);
  EXPECT_EQ(judge(answered("UnlockFailed")).result, CommandResult::kRejected);
  EXPECT_EQ(judge(answered("UnlockFailed")).detail, "UnlockFailed");
  EXPECT_EQ(judge(answered("Scheduled")).result, CommandResult::kAccepted);
  EXPECT_EQ(judge({.outcome = Settled::Outcome::kResult}).result, CommandResult::kFailed);
  EXPECT_EQ(judge({.outcome = Settled::Outcome::kTimeout}).result, CommandResult::kTimeout);
  EXPECT_EQ(judge({.outcome = Settled::Outcome::kLost}).result, CommandResult::kOffline);
  const auto failed = judge({.outcome = Settled::Outcome::kError, .error = {.code = "NotSupported"}});
  EXPECT_EQ(failed.result, CommandResult::kFailed);
  EXPECT_EQ(failed.detail, "NotSupported");
}

OperatorCommand command(std::string_view text) {
  return *json::decode_text<OperatorCommand>(text);
}

TEST(Commands, AnOperatorsRequestBecomesACall) {
  EXPECT_EQ(json::serialize(plan(command(R"({"command":"reset","resetType":"soft","reason":"stuck"})"))->payload),
            R"({"type":"Soft"})");
  EXPECT_EQ(json::serialize(plan(command(R"({"command":"unlock","connectorId":2,"reason":"stuck"})"))->payload),
            R"({"connectorId":2})");
  EXPECT_EQ(json::serialize(
                plan(command(R"({"command":"trigger","message":"statusNotification","connectorId":1,"reason":"x"})"))
                    ->payload),
            R"({"connectorId":1,"requestedMessage":"StatusNotification"})");
  EXPECT_EQ(
      json::serialize(
          plan(command(R"({"command":"changeAvailability","availability":"inoperative","reason":"works"})"))->payload),
      R"({"connectorId":0,"type":"Inoperative"})");
  EXPECT_EQ(json::serialize(plan(command(R"({"command":"remoteStop","transactionId":"1001","reason":"x"})"))->payload),
            R"({"transactionId":1001})");
}

TEST(Commands, AnOperatorsRequestIsChecked) {
  const auto pointer = [](std::string_view text) { return plan(command(text)).error().fields.at(0).pointer; };
  EXPECT_EQ(pointer(R"({"command":"reset","resetType":"Gentle","reason":"x"})"), "/resetType");
  EXPECT_EQ(pointer(R"({"command":"unlock","reason":"x"})"), "/connectorId");
  EXPECT_EQ(pointer(R"({"command":"unlock","connectorId":256,"reason":"x"})"), "/connectorId");
  EXPECT_EQ(pointer(R"({"command":"remoteStop","transactionId":"10x","reason":"x"})"), "/transactionId");
  EXPECT_EQ(pointer(R"({"command":"remoteStart","connectorId":1,"reason":"x"})"), "/command");
  EXPECT_EQ(pointer(R"({"command":"explode","reason":"x"})"), "/command");
  EXPECT_EQ(pointer(R"({"command":"reset","resetType":"soft","reason":""})"), "/reason");
}

}  // namespace
}  // namespace evc::integrations::ocpp
