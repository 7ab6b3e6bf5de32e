#include "kit/messaging/held_events.hpp"

#include <gtest/gtest.h>

namespace evc::messaging {
namespace {

const MissingEvents kAsked{"t", "k", 3, 9};

HeldEvents some() {
  HeldEvents held{.until = 8};
  for (const std::int64_t sequence : {3, 5, 8})
    held.events.push_back({.sequence = sequence,
                           .event_id = uuid_v7(),
                           .discarded = sequence == 5,
                           .record = {.topic = "t", .key = "k", .value = "v", .headers = {{"a", "\xff"}, {"a", ""}}}});
  return held;
}

TEST(HeldEvents, TheAnswerReadsAsItWasWritten) {
  const auto held = some();
  const auto read = decode_held(encode_held(held), kAsked);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->until, 8);
  ASSERT_EQ(read->events.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read->events[i].sequence, held.events[i].sequence);
    EXPECT_EQ(read->events[i].event_id, held.events[i].event_id);
    EXPECT_EQ(read->events[i].discarded, held.events[i].discarded);
    EXPECT_EQ(read->events[i].record.headers, held.events[i].record.headers);
  }
}

TEST(HeldEvents, AnAnswerToAnotherQuestionIsNone) {
  const auto refused = [](const HeldEvents& held) { return !decode_held(encode_held(held), kAsked).has_value(); };
  EXPECT_TRUE(refused({.until = 2}));
  EXPECT_TRUE(refused({.until = 10}));
  auto held = some();
  std::swap(held.events[0], held.events[1]);
  EXPECT_TRUE(refused(held)) << "out of order";
  held = some();
  held.events[2].sequence = 9;
  EXPECT_TRUE(refused(held)) << "beyond what it speaks about";
  held = some();
  held.events[0].sequence = 2;
  EXPECT_TRUE(refused(held)) << "not asked for";
  EXPECT_FALSE(decode_held(json::Array{}, kAsked));
}

}  // namespace
}  // namespace evc::messaging
