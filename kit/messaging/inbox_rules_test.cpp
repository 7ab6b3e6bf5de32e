#include "kit/messaging/inbox_rules.hpp"

#include <gtest/gtest.h>

#include "kit/messaging/waiting_keys.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;

TEST(PlaceOf, TheFirstEventOfAKeyIsItsBaseline) {
  EXPECT_EQ(place_of({.fresh = true}, 7).turn, Turn::kNow);
}

TEST(PlaceOf, OnlyTheNextOneHasItsTurn) {
  const Standing standing{.fresh = true, .last = 3};
  EXPECT_EQ(place_of(standing, 3).turn, Turn::kOld);
  EXPECT_EQ(place_of(standing, 4).turn, Turn::kNow);
  EXPECT_EQ(place_of(standing, 5).turn, Turn::kEarly);
}

TEST(PlaceOf, WithoutASequenceItIsTheNextOne) {
  const auto place = place_of({.fresh = true, .last = 3}, 0);
  EXPECT_EQ(place.turn, Turn::kNow);
  EXPECT_EQ(place.sequence, 4);
}

TEST(PlaceOf, WaitsBehindADeadLetterOnlyInItsTurn) {
  EXPECT_EQ(place_of({.fresh = true, .last = 3, .subject_parked = true}, 4).turn, Turn::kBehindDeadLetter);
  EXPECT_EQ(place_of({.fresh = true, .last = 3, .subject_parked = true}, 5).turn, Turn::kEarly);
  EXPECT_EQ(place_of({.fresh = false, .last = 3, .subject_parked = true}, 4).turn, Turn::kDuplicate);
}

TEST(WorthAnotherTry, ByTheKindOfFailure) {
  EXPECT_TRUE(worth_another_try(Code::kServiceUnavailable, Origin::kTopic, 99));
  EXPECT_FALSE(worth_another_try(Code::kSchemaInvalid, Origin::kTopic, 1));
  EXPECT_TRUE(worth_another_try(Code::kInternal, Origin::kTopic, 2));
  EXPECT_FALSE(worth_another_try(Code::kInternal, Origin::kTopic, 3));
  EXPECT_FALSE(worth_another_try(Code::kInternal, Origin::kParked, 1));
}

Incoming of(std::string key, std::int64_t offset, std::int32_t partition = 0) {
  Incoming incoming;
  incoming.record = {.topic = "t", .key = std::move(key), .partition = partition, .offset = offset};
  return incoming;
}

TEST(WaitingKeys, LaterEventsStayBehindTheOneThatFailed) {
  WaitingKeys waiting({.first = 100ms, .cap = 1s});
  waiting.retry_later(of("a", 1), Error{}, SteadyTime(), WallTime(), 0);
  auto second = of("a", 2), other = of("b", 3);
  EXPECT_TRUE(waiting.join(second));
  EXPECT_FALSE(waiting.join(other));
  EXPECT_TRUE(waiting.take_due(SteadyTime(), 10).empty());
  const auto due = waiting.take_due(SteadyTime() + 1ms, 10);
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due.front().record.offset, 1);
  EXPECT_EQ(waiting.attempt_of(due.front().record).number, 2);
}

TEST(WaitingKeys, ForgetsThePartitionThatIsGone) {
  WaitingKeys waiting({});
  waiting.retry_later(of("a", 1, 0), Error{}, SteadyTime(), WallTime(), 0);
  waiting.retry_later(of("b", 1, 1), Error{}, SteadyTime(), WallTime(), 0);
  waiting.forget({"t", 0});
  EXPECT_EQ(waiting.size(), 1U);
}

}  // namespace
}  // namespace evc::messaging
