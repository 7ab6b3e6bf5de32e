#include "kit/ocpp/call_queue.hpp"

#include <gtest/gtest.h>

namespace evc::ocpp {
namespace {

using std::chrono::seconds;

Call call(std::string id) {
  return {.id = std::move(id), .action = "Reset"};
}

TEST(CallQueue, OneIsOutstandingAndTheOthersWaitInOrder) {
  CallQueue queue;
  const SteadyTime now{};
  ASSERT_TRUE(queue.push(1, call("a")));
  ASSERT_TRUE(queue.push(2, call("b")));
  EXPECT_EQ(queue.take(now)->id, "a");
  EXPECT_FALSE(queue.take(now));
  const auto settled = queue.on_result({.id = "a", .payload = {{"status", "Accepted"}}});
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->token, 1u);
  EXPECT_EQ(settled->outcome, Settled::Outcome::kResult);
  EXPECT_EQ(queue.take(now)->id, "b");
}

TEST(CallQueue, AnAnswerToNothingIsDropped) {
  CallQueue queue;
  EXPECT_FALSE(queue.on_result({.id = "a"}));
  ASSERT_TRUE(queue.push(1, call("a")));
  EXPECT_FALSE(queue.on_result({.id = "a"})) << "it was not sent yet";
  ASSERT_TRUE(queue.take({}));
  EXPECT_FALSE(queue.on_error({.id = "other"}));
  EXPECT_TRUE(queue.outstanding());
  EXPECT_EQ(queue.on_error({.id = "a", .code = "InternalError"})->error.code, "InternalError");
  EXPECT_FALSE(queue.on_result({.id = "a"})) << "the second answer";
}

TEST(CallQueue, TheTimeoutRunsFromTheSending) {
  CallQueue queue({.timeout = seconds(30)});
  const SteadyTime start{};
  ASSERT_TRUE(queue.push(1, call("a")));
  ASSERT_TRUE(queue.push(2, call("b")));
  ASSERT_TRUE(queue.take(start));
  EXPECT_EQ(queue.next_deadline(), start + seconds(30));
  EXPECT_FALSE(queue.expire(start + seconds(29)));
  EXPECT_EQ(queue.expire(start + seconds(30))->outcome, Settled::Outcome::kTimeout);
  EXPECT_FALSE(queue.next_deadline());
  ASSERT_TRUE(queue.take(start + seconds(40)));
  EXPECT_EQ(queue.next_deadline(), start + seconds(70));
}

TEST(CallQueue, ALostConnectionSettlesAllInOrder) {
  CallQueue queue;
  ASSERT_TRUE(queue.push(1, call("a")));
  ASSERT_TRUE(queue.push(2, call("b")));
  ASSERT_TRUE(queue.push(3, call("c")));
  ASSERT_TRUE(queue.take({}));
  const auto lost = queue.lose();
  ASSERT_EQ(lost.size(), 3u);
  EXPECT_EQ(lost[0].token, 1u);
  EXPECT_EQ(lost[2].token, 3u);
  EXPECT_EQ(lost[1].outcome, Settled::Outcome::kLost);
  EXPECT_TRUE(queue.lose().empty());
}

TEST(CallQueue, IsBounded) {
  CallQueue queue({.waiting_limit = 1});
  ASSERT_TRUE(queue.push(1, call("a")));
  const auto refused = queue.push(2, call("b"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kOverloaded);
}

}  // namespace
}  // namespace evc::ocpp
