#include "services/integrations/domain/command_plan.hpp"

#include <gtest/gtest.h>

namespace evc::integrations {
namespace {

using ocpp::CommandKind;
using ocpp::CommandResult;
using std::chrono::seconds;
using Do = NextStep::Do;

const WallTime kStart = *parse_rfc3339("2026-11-23T17:00:00Z");

OpenCommand command(CommandKind kind) {
  return {.kind = kind, .created_at = kStart, .expires_at = kStart + seconds(30), .is_connected = true};
}
NextStep step(const OpenCommand& open, seconds after = seconds(0)) {
  return next_step(open, kStart + after, seconds(5));
}

TEST(CommandPlan, IsSentAtOnceToAConnectedStation) {
  EXPECT_EQ(step(command(CommandKind::kRemoteStart)).what, Do::kSend);
  EXPECT_EQ(step(command(CommandKind::kReset)).what, Do::kSend);
}

TEST(CommandPlan, WaitsAMomentForAStationThatIsAway) {
  auto open = command(CommandKind::kRemoteStart);
  open.is_connected = false;
  EXPECT_EQ(step(open, seconds(4)).what, Do::kWait);
  EXPECT_EQ(step(open, seconds(5)).result, CommandResult::kOffline);
}

TEST(CommandPlan, IsNeverSentAfterItsTime) {
  auto open = command(CommandKind::kRemoteStart);
  EXPECT_EQ(step(open, seconds(30)).what, Do::kFinish);
  EXPECT_EQ(step(open, seconds(30)).result, CommandResult::kExpired);
  open.is_connected = false;
  EXPECT_EQ(step(open, seconds(30)).result, CommandResult::kOffline);
}

TEST(CommandPlan, AStartThatIsTakenBackIsNotSentAndOneThatWasSentIsWaitedFor) {
  auto open = command(CommandKind::kRemoteStart);
  open.stop_is_asked = true;
  EXPECT_EQ(step(open).what, Do::kFinish);
  EXPECT_EQ(step(open).result, CommandResult::kExpired);
  open.attempts = 1;
  open.is_unconfirmed = true;
  EXPECT_EQ(step(open).what, Do::kWait);
  open.transaction_id = 1001;
  EXPECT_EQ(step(open).result, CommandResult::kAccepted);
}

TEST(CommandPlan, ACrashAfterSendingIsSentAgainOrSettledByTheTransaction) {
  auto open = command(CommandKind::kRemoteStart);
  open.attempts = 1;
  EXPECT_EQ(step(open).what, Do::kSend);
  EXPECT_EQ(step(open, seconds(30)).result, CommandResult::kTimeout);
  open.is_connected = false;
  EXPECT_EQ(step(open, seconds(20)).what, Do::kWait) << "it may have arrived";
  open.transaction_id = 1001;
  EXPECT_EQ(step(open).result, CommandResult::kAccepted);
}

TEST(CommandPlan, ARejectedRepetitionWaitsForTheTransactionOfTheFirst) {
  auto open = command(CommandKind::kRemoteStart);
  open.attempts = 2;
  open.is_unconfirmed = true;
  EXPECT_EQ(step(open, seconds(10)).what, Do::kWait);
  EXPECT_EQ(step(open, seconds(30)).result, CommandResult::kRejected);
  open.transaction_id = 1001;
  EXPECT_EQ(step(open, seconds(10)).result, CommandResult::kAccepted);
}

TEST(CommandPlan, AStopNeedsATransactionAndIsDoneWhenItEnded) {
  auto open = command(CommandKind::kRemoteStop);
  EXPECT_EQ(step(open).what, Do::kWait);
  open.transaction_id = 1001;
  EXPECT_EQ(step(open).what, Do::kSend);
  open.transaction_ended = true;
  EXPECT_EQ(step(open, seconds(60)).result, CommandResult::kAccepted);
}

}  // namespace
}  // namespace evc::integrations
