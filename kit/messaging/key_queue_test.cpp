#include "kit/messaging/key_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evc::messaging {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Incoming record_of(const std::string& topic, const std::string& key, std::int64_t offset, int partition = 0) {
  Incoming incoming;
  incoming.record = {.topic = topic, .key = key, .partition = partition, .offset = offset};
  return incoming;
}

Incoming record(const std::string& key, std::int64_t offset, int partition = 0) {
  return record_of("t", key, offset, partition);
}

std::vector<std::int64_t> offsets(const std::deque<Incoming>& events) {
  std::vector<std::int64_t> all;
  for (const auto& each : events) all.push_back(each.record.offset);
  return all;
}

TEST(KeyQueue, KeysTakeTurnsAndEachKeepsItsOrder) {
  KeyQueue queue(4);
  for (int i = 0; i < 3; ++i) queue.add(record("a", i));
  queue.add(record("b", 3));
  EXPECT_EQ(queue.size(), 4U);
  const auto first = queue.take(2);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key.second, "a");
  EXPECT_THAT(offsets(first->events), ElementsAre(0, 1));
  queue.add(record("a", 4));
  const auto second = queue.take(2);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->key.second, "b");
  EXPECT_FALSE(queue.take(2)) << "a is worked on, b has nothing more";
  queue.ended(first->key);
  const auto rest = queue.take(9);
  ASSERT_TRUE(rest);
  EXPECT_THAT(offsets(rest->events), ElementsAre(2, 4));
  queue.ended(rest->key);
  queue.ended(second->key);
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(queue.ready_keys(), 0U);
}

TEST(KeyQueue, TopicsThatWaitGetEquallyManyEventsDone) {
  KeyQueue queue(100);
  for (int i = 0; i < 50; ++i)
    for (int n = 0; n < 3; ++n) queue.add(record_of("flooded", std::to_string(i), 3 * i + n));
  for (int i = 0; i < 5; ++i) queue.take(9);
  for (int i = 0; i < 9; ++i) queue.add(record_of("calm", std::to_string(i), i));
  EXPECT_EQ(queue.size_of("flooded"), 135U);
  EXPECT_EQ(queue.size_of("calm"), 9U);
  EXPECT_EQ(queue.size_of("unheard"), 0U);
  EXPECT_EQ(queue.size(), 144U);
  EXPECT_EQ(queue.ready_keys(), 54U);
  std::vector<std::string> turns;
  for (int i = 0; i < 12; ++i) turns.push_back(queue.take(9)->key.first);
  // Three events of the flood at a time, and one of the calm one; nothing was saved up before it came.
  EXPECT_THAT(turns, ElementsAre("calm", "flooded", "calm", "calm", "calm", "flooded", "calm", "calm", "calm",
                                 "flooded", "calm", "calm"));
  queue.forget({.topic = "flooded", .partition = 0});
  EXPECT_FALSE(queue.take(9));
  EXPECT_EQ(queue.size(), 0U);
}

TEST(KeyQueue, NoTopicTakesTheLastLane) {
  KeyQueue queue(3);
  for (int i = 0; i < 9; ++i) queue.add(record_of("flooded", std::to_string(i), i));
  EXPECT_EQ(queue.ready_keys(), 3U);
  const auto first = queue.take(9);
  ASSERT_TRUE(first && queue.take(9) && queue.take(9));
  EXPECT_EQ(queue.ready_keys(), 0U);
  EXPECT_FALSE(queue.take(9));
  queue.add(record_of("calm", "a", 0));
  EXPECT_EQ(queue.ready_keys(), 1U);
  EXPECT_EQ(queue.take(9)->key.first, "calm");
  queue.ended(first->key);
  EXPECT_EQ(queue.take(9)->key.first, "flooded");
}

TEST(KeyQueue, WhatWaitsForAKeyThatFailedIsWithdrawn) {
  KeyQueue queue(4);
  queue.add(record("a", 0));
  const auto work = queue.take(9);
  queue.add(record("a", 1));
  queue.add(record("a", 2));
  EXPECT_THAT(offsets(queue.withdraw(work->key)), ElementsAre(1, 2));
  EXPECT_EQ(queue.size(), 0U);
  queue.ended(work->key);
  EXPECT_EQ(queue.ready_keys(), 0U);
  queue.add(record("a", 3));
  EXPECT_THAT(offsets(queue.withdraw({"t", "a"})), ElementsAre(3));
  EXPECT_EQ(queue.ready_keys(), 0U) << "a withdrawn key has no turn";
  EXPECT_THAT(queue.withdraw({"t", "unknown"}), IsEmpty());
}

TEST(KeyQueue, ALostPartitionIsForgottenButWhatIsWorkedOnEnds) {
  KeyQueue queue(4);
  queue.add(record("a", 0));
  const auto work = queue.take(9);
  queue.add(record("a", 1));
  queue.add(record("b", 2));
  queue.add(record("c", 0, 1));
  queue.forget({"t", 0});
  EXPECT_EQ(queue.size(), 1U);
  queue.ended(work->key);
  const auto next = queue.take(9);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->key.second, "c");
  EXPECT_FALSE(queue.take(9));
}

}  // namespace
}  // namespace evc::messaging
