#include "services/integrations/domain/ocpp/commands.hpp"

#include <gtest/gtest.h>

namespace evc::integrations::ocpp {
namespace {

using evc::ocpp::Settled;

Settled answered(std::string_view status) { return {.outcome = Settled::Outcome::kResult, .payload = {{"status", status}}}; }

TEST(Commands, NamesAreTheContractsNames) {
  EXPECT_EQ(name_of(CommandKind::kRemoteStart), "remoteStart");
  EXPECT_EQ(action_of(CommandKind::kTrigger), "TriggerMessage");
  EXPECT_EQ(command_kind("changeAvailability"), CommandKind::kChangeAvailability);
  EXPECT_FALSE(command_kind("explode"));
  EXPECT_FALSE(is_published(CommandKind::kClearCache));
}

TEST(Commands, AnswersAreJudged) {
  EXPECT_EQ(judge(CommandKind::kRemoteStart, answered("Accepted")).result, CommandResult::kAccepted);
  EXPECT_EQ(judge(CommandKind::kRemoteStart, answered("Rejected")).result, CommandResult::kRejected);
  EXPECT_EQ(judge(CommandKind::kUnlock, answered("Unlocked")).result, CommandResult::kAccepted);
  EXPECT_EQ(judge(CommandKind::kUnlock, answered("UnlockFailed")).result, CommandResult::kRejected);
  EXPECT_EQ(judge(CommandKind::kUnlock, answered("UnlockFailed")).detail, "UnlockFailed");
  EXPECT_EQ(judge(CommandKind::kChangeAvailability, answered("Scheduled")).result, CommandResult::kAccepted);
  EXPECT_EQ(judge(CommandKind::kReset, {.outcome = Settled::Outcome::kResult}).result, CommandResult::kFailed);
  EXPECT_EQ(judge(CommandKind::kReset, {.outcome = Settled::Outcome::kTimeout}).result, CommandResult::kTimeout);
  EXPECT_EQ(judge(CommandKind::kReset, {.outcome = Settled::Outcome::kLost}).result, CommandResult::kOffline);
  const auto failed = judge(CommandKind::kReset, {.outcome = Settled::Outcome::kError, .error = {.code = "NotSupported"}});
  EXPECT_EQ(failed.result, CommandResult::kFailed);
  EXPECT_EQ(failed.detail, "NotSupported");
}

TEST(Commands, AnOperatorsParametersAreChecked) {
  EXPECT_EQ(json::serialize(*operator_payload(CommandKind::kReset, std::nullopt, {{"type", "Soft"}})), R"({"type":"Soft"})");
  EXPECT_EQ(json::serialize(*operator_payload(CommandKind::kUnlock, 2, {})), R"({"connectorId":2})");
  EXPECT_EQ(json::serialize(*operator_payload(CommandKind::kTrigger, 1, {{"message", "StatusNotification"}})),
            R"({"connectorId":1,"requestedMessage":"StatusNotification"})");
  EXPECT_EQ(operator_payload(CommandKind::kReset, std::nullopt, {{"type", "Gentle"}}).error().fields.at(0).pointer, "/parameters/type");
  EXPECT_EQ(operator_payload(CommandKind::kUnlock, std::nullopt, {}).error().fields.at(0).pointer, "/connectorId");
  EXPECT_EQ(operator_payload(CommandKind::kRemoteStart, 1, {}).error().fields.at(0).pointer, "/command");
}

}  // namespace
}  // namespace evc::integrations::ocpp
