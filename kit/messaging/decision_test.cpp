#include "kit/messaging/decision.hpp"

#include <gtest/gtest.h>

#include "contracts/events.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;

TEST(Decision, WordsAreThoseOfTheContract) {
  EXPECT_EQ(text_of(Action::kDryRun), "dryRun");
  EXPECT_EQ(text_of(Action::kDiscardRejected), "discardRejected");
  EXPECT_EQ(text_of(Outcome::kDeadAgain), "deadAgain");
  EXPECT_EQ(text_of(Outcome::kApprovalRequired), "approvalRequired");
}

TEST(SecondPerson, IsNeededForEveryReplayOfAFactAboutMoney) {
  for (const char* consumer : {"charging", "integrations"})
    EXPECT_TRUE(needs_second_person(Action::kReplay, "payment.events", consumer));
  EXPECT_FALSE(needs_second_person(Action::kReplay, "charging.events", "payment"));
  EXPECT_FALSE(needs_second_person(Action::kReplay, "integration.events", "charging"));
}

TEST(SecondPerson, IsNeededForGivingUpWhatMovesMoney) {
  for (const auto action : {Action::kDiscard, Action::kAcceptGap}) {
    EXPECT_TRUE(needs_second_person(action, "payment.events", "charging"));
    EXPECT_TRUE(needs_second_person(action, "charging.events", "payment")) << "a capture would never come";
    EXPECT_FALSE(needs_second_person(action, "charging.events", "integrations"));
    EXPECT_FALSE(needs_second_person(action, "integration.events", "charging"));
  }
  EXPECT_TRUE(needs_second_person(Action::kDiscardRejected, "payment.events", ""));
  EXPECT_TRUE(needs_second_person(Action::kDiscardRejected, "charging.events", ""));
  EXPECT_FALSE(needs_second_person(Action::kDiscardRejected, "integration.events", ""));
}

TEST(SecondPerson, IsNotNeededForWhatChangesNothing) {
  EXPECT_FALSE(needs_second_person(Action::kDryRun, "payment.events", "charging"));
  EXPECT_FALSE(needs_second_person(Action::kRelease, "payment.events", ""));
}

TEST(SecondPerson, ItsTopicsAreInTheContract) {
  for (const char* topic : {"payment.events", "charging.events"})
    EXPECT_NE(contracts::find_topic(topic), nullptr) << topic;
}

TEST(RunLimit, TakesAWholeRequestAndThenMakesWait) {
  const WallTime now{1'000s};
  EXPECT_FALSE(RunLimit::wait(0, std::nullopt, 200, now));
  EXPECT_FALSE(RunLimit::wait(199, now - 1s, 1, now));
  EXPECT_EQ(RunLimit::wait(200, now - 4s, 1, now), 6s);
  EXPECT_EQ(RunLimit::wait(150, now - 9'900ms, 51, now), 1s) << "never less than a second";
}

}  // namespace
}  // namespace evc::messaging
