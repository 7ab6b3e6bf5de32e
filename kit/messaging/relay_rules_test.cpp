#include "kit/messaging/relay_rules.hpp"

#include <gtest/gtest.h>

#include "kit/messaging/idempotency_rules.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;

TEST(RelayRound, ThePositionMovesOnlyWhenEveryRowIsDealtWith) {
  RelayRound round;
  EXPECT_TRUE(round.empty());
  round.take(10, 1);
  round.take(20, 2);
  round.dealt_with(2);
  EXPECT_EQ(round.confirmable(), std::nullopt);
  round.dealt_with(1);
  EXPECT_EQ(round.confirmable(), 20U);
}

// Rounds of `rows` that come every `every`, for a second.
SteadyTime::duration pause_after_rounds(std::size_t rows, SteadyTime::duration every) {
  Gathering gathering;
  SteadyTime now{1h};
  for (const auto end = now + 1s; now < end; now += every) gathering.dealt_with(rows, now);
  return gathering.next_round() - (now - every);
}

TEST(Gathering, FewEventsGoAtOnceManyTogetherAndABacklogWithoutAPause) {
  EXPECT_EQ(pause_after_rounds(1, 2ms), 0ms) << "500 a second";
  EXPECT_EQ(pause_after_rounds(3, 1500us), Gathering::kMoment) << "2,000 a second";
  EXPECT_EQ(pause_after_rounds(20, 10ms), Gathering::kMoment) << "still 2,000 a second, gathered";
  EXPECT_EQ(pause_after_rounds(500, 10ms), 0ms) << "a backlog";
}

TEST(Gathering, ABurstOfAMomentIsNoHighRate) {
  Gathering gathering;
  SteadyTime now{1h};
  gathering.dealt_with(1, now);
  gathering.dealt_with(5, now += 2ms);
  EXPECT_EQ(gathering.next_round(), now);
  EXPECT_EQ(pause_after_rounds(3, 1500us), Gathering::kMoment);
}

TEST(Gathering, QuietEndsIt) {
  Gathering gathering;
  SteadyTime now{1h};
  for (int round = 0; round < 500; ++round) gathering.dealt_with(3, now += 1500us);
  EXPECT_GT(gathering.next_round(), now);
  gathering.dealt_with(1, now += 200ms);
  EXPECT_EQ(gathering.next_round(), now);
}

TEST(FateOf, AParkedKeyWaitsUntilItIsReleased) {
  const kafka::Record record{.topic = "t", .key = "k", .value = "0123456789"};
  const ParkedKeys parked{{{"t", "k"}, 7}};
  EXPECT_EQ(fate_of(record, 7, parked, ParkedRows::kSkip, {}), RowFate::kSkip);
  EXPECT_EQ(fate_of(record, 8, parked, ParkedRows::kSkip, {}), RowFate::kSkip);
  EXPECT_EQ(fate_of(record, 6, parked, ParkedRows::kSkip, {}), RowFate::kSend) << "it was delivered once, and is again";
  EXPECT_EQ(fate_of(record, 7, parked, ParkedRows::kInclude, {}), RowFate::kSend);
  EXPECT_EQ(fate_of(record, 7, {}, ParkedRows::kSkip, {.largest_record_bytes = 10}), RowFate::kReject);
}

TEST(AnotherCluster, IsOneThatIsNotTheKnownOne) {
  EXPECT_TRUE(another_cluster("one", "two"));
  EXPECT_FALSE(another_cluster("one", "one"));
  EXPECT_FALSE(another_cluster("", "one")) << "the first start";
}

TEST(SafePoint, IsALongestTransactionBeforeAConfirmedHeartbeat) {
  SafePoint safe;
  const WallTime now{1h};
  safe.heartbeat(now, 100);
  safe.heartbeat(now + 10s, 200);
  EXPECT_EQ(safe.confirmed(99), std::nullopt);
  EXPECT_EQ(safe.confirmed(100), now - SafePoint::kLongestTransaction);
  EXPECT_EQ(safe.confirmed(500), std::nullopt);
}

TEST(PauseAfter, AHeldSlotIsNoFailure) {
  const auto standby = pause_after(Code::kConflict, 3, false, 2s, 10s, 5);
  EXPECT_EQ(standby.why, RelayPause::Why::kStandby);
  EXPECT_EQ(standby.failures, 0);
  EXPECT_EQ(standby.pause, 2s);
  EXPECT_EQ(pause_after(Code::kBrokerUnavailable, 3, false, 2s, 10s, 0).failures, 4);
  EXPECT_EQ(pause_after(Code::kBrokerUnavailable, 3, true, 2s, 10s, 0).failures, 1);
}

TEST(CaseOfKey, ByHolderFingerprintAndState) {
  EXPECT_EQ(case_of_taken(1), KeyCase::kFirst);
  EXPECT_EQ(case_of_taken(2), KeyCase::kResume);
  EXPECT_EQ(case_of_held("a", "b", "finished"), KeyCase::kOtherUse);
  EXPECT_EQ(case_of_held("a", "a", "running"), KeyCase::kInProgress);
  EXPECT_EQ(case_of_held("a", "a", "finished"), KeyCase::kReplay);
}

}  // namespace
}  // namespace evc::messaging
