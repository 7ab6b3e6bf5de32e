#include <gtest/gtest.h>

#include "kit/resilience/bulkhead.hpp"
#include "kit/resilience/circuit_breaker.hpp"
#include "kit/resilience/retry.hpp"
#include "kit/resilience/token_bucket.hpp"

namespace evc::resilience {
namespace {

using namespace std::chrono_literals;
using Outcome = CircuitBreaker::Outcome;
using State = CircuitBreaker::State;

const SteadyTime kStart = SteadyTime() + 1h;

void call(CircuitBreaker& breaker, Outcome outcome, SteadyTime now, int times = 1,
          std::chrono::milliseconds took = 10ms) {
  for (int i = 0; i < times; ++i) {
    ASSERT_TRUE(breaker.allow(now));
    breaker.record(outcome, took, now);
  }
}

TEST(CircuitBreaker, StaysClosedBelowTheMinimum) {
  CircuitBreaker breaker;
  call(breaker, Outcome::kFailed, kStart, 9);
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(CircuitBreaker, OpensAtHalfOfTenFailed) {
  CircuitBreaker breaker;
  call(breaker, Outcome::kGood, kStart, 5);
  call(breaker, Outcome::kFailed, kStart, 5);
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_FALSE(breaker.allow(kStart + 4999ms));
  EXPECT_EQ(breaker.retry_after(kStart + 1s), 4s);
}

TEST(CircuitBreaker, StaysClosedBelowHalf) {
  CircuitBreaker breaker;
  call(breaker, Outcome::kGood, kStart, 11);
  call(breaker, Outcome::kFailed, kStart, 9);
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(CircuitBreaker, SlowCallsCountAsBad) {
  CircuitBreaker breaker;
  call(breaker, Outcome::kGood, kStart, 10, 2500ms);
  EXPECT_EQ(breaker.state(), State::kClosed);
  call(breaker, Outcome::kGood, kStart, 10, 2501ms);
  EXPECT_EQ(breaker.state(), State::kOpen);
}

TEST(CircuitBreaker, ForgetsWhatIsOlderThanTheWindow) {
  CircuitBreaker breaker;
  call(breaker, Outcome::kFailed, kStart, 9);
  call(breaker, Outcome::kGood, kStart + 10001ms, 1);
  call(breaker, Outcome::kFailed, kStart + 10001ms, 8);
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(CircuitBreaker, OnlyTheLastTwentyCount) {
  CircuitBreaker breaker;
  call(breaker, Outcome::kGood, kStart, 100);
  call(breaker, Outcome::kFailed, kStart, 9);
  EXPECT_EQ(breaker.state(), State::kClosed);
  call(breaker, Outcome::kFailed, kStart, 1);
  EXPECT_EQ(breaker.state(), State::kOpen);
}

TEST(CircuitBreaker, NeutralCallsSayNothing) {
  CircuitBreaker breaker;
  call(breaker, Outcome::kNeutral, kStart, 100);
  call(breaker, Outcome::kFailed, kStart, 9);
  EXPECT_EQ(breaker.state(), State::kClosed);
}

class HalfOpen : public testing::Test {
 protected:
  void SetUp() override { call(breaker, Outcome::kFailed, kStart, 10); }
  CircuitBreaker breaker;
  const SteadyTime later = kStart + 5s;
};

TEST_F(HalfOpen, AllowsThreeTrialsAtOnceAndClosesWhenAllAreGood) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(breaker.allow(later));
  EXPECT_FALSE(breaker.allow(later));
  for (int i = 0; i < 3; ++i) breaker.record(Outcome::kGood, 1ms, later);
  EXPECT_EQ(breaker.state(), State::kClosed);
  EXPECT_TRUE(breaker.allow(later));
}

TEST_F(HalfOpen, OneBadTrialOpensAgain) {
  EXPECT_TRUE(breaker.allow(later));
  EXPECT_TRUE(breaker.allow(later));
  breaker.record(Outcome::kGood, 1ms, later);
  breaker.record(Outcome::kFailed, 1ms, later);
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_FALSE(breaker.allow(later + 4s));
  EXPECT_TRUE(breaker.allow(later + 5s));
}

TEST_F(HalfOpen, ANeutralTrialGivesItsPlaceBack) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(breaker.allow(later));
  breaker.record(Outcome::kNeutral, 1ms, later);
  EXPECT_TRUE(breaker.allow(later));
  EXPECT_FALSE(breaker.allow(later));
}

TEST_F(HalfOpen, ACallFromBeforeTheOpeningDoesNotCount) {
  EXPECT_TRUE(breaker.allow(later));
  breaker.record(Outcome::kGood, 1ms, later);
  breaker.record(Outcome::kGood, 1ms, later);
  breaker.record(Outcome::kGood, 1ms, later);
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
}

TEST(Retry, BackOffDoublesUpToTheCapWithFullJitter) {
  const RetryOptions options{.tries = 10};
  const auto longest = [&](int next_try, std::uint64_t ceiling) {
    return wait_before(options, next_try, ceiling, std::nullopt, 1h);
  };
  EXPECT_EQ(longest(2, 100), 100ms);
  EXPECT_EQ(longest(2, 101), 0ms);
  EXPECT_EQ(longest(3, 200), 200ms);
  EXPECT_EQ(longest(5, 800), 800ms);
  EXPECT_EQ(longest(6, 1000), 1000ms);
  EXPECT_EQ(longest(10, 1000), 1000ms);
  EXPECT_EQ(longest(10, 1001), 0ms);
}

TEST(Retry, EndsWithTheTriesAndWithTheDeadline) {
  EXPECT_EQ(wait_before({}, 4, 0, std::nullopt, 1h), std::nullopt);
  EXPECT_EQ(wait_before({}, 2, 50, std::nullopt, 50ms), std::nullopt);
  EXPECT_EQ(wait_before({}, 2, 50, std::nullopt, 51ms), 50ms);
}

TEST(Retry, HonoursRetryAfter) {
  EXPECT_EQ(wait_before({}, 2, 50, 2s, 1h), 2s);
  EXPECT_EQ(wait_before({}, 2, 50, 10ms, 1h), 50ms);
  EXPECT_EQ(wait_before({}, 2, 50, 2s, 1s), std::nullopt);
}

TEST(RetryBudget, FloorOfThreeWithoutTraffic) {
  RetryBudget budget;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take_retry(kStart));
  EXPECT_FALSE(budget.take_retry(kStart));
  EXPECT_TRUE(budget.take_retry(kStart + 11s));
}

TEST(RetryBudget, AFifthOfTheCalls) {
  RetryBudget budget;
  for (int i = 0; i < 100; ++i) budget.record_call(kStart);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(budget.take_retry(kStart));
  EXPECT_FALSE(budget.take_retry(kStart));
}

TEST(TokenBucket, BurstThenEvenly) {
  TokenBucket bucket({.burst = 3, .count = 60, .period = 60s});
  EXPECT_EQ(bucket.take(kStart).remaining, 2);
  EXPECT_TRUE(bucket.take(kStart).allowed);
  EXPECT_TRUE(bucket.take(kStart).allowed);
  const auto refused = bucket.take(kStart);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.retry_after, 1s);
  EXPECT_EQ(refused.reset_after, 3s);
  EXPECT_FALSE(bucket.take(kStart + 999ms).allowed);
  EXPECT_TRUE(bucket.take(kStart + 1s).allowed);
  EXPECT_FALSE(bucket.full(kStart + 3s));
  EXPECT_TRUE(bucket.full(kStart + 4s));
}

TEST(TokenBucket, ACostAboveOneTakesAllOrNothing) {
  TokenBucket bucket({.burst = 5, .count = 1, .period = 1s});
  EXPECT_TRUE(bucket.take(kStart, 4).allowed);
  EXPECT_FALSE(bucket.take(kStart, 2).allowed);
  EXPECT_TRUE(bucket.take(kStart, 1).allowed);
}

TEST(Bulkhead, PermitsReturnTheirPlace) {
  Bulkhead bulkhead(2);
  auto first = bulkhead.enter();
  auto second = bulkhead.enter();
  EXPECT_FALSE(bulkhead.enter());
  first.reset();
  auto third = std::move(second);
  EXPECT_EQ(bulkhead.in_use(), 1U);
  EXPECT_TRUE(bulkhead.enter());
}

}  // namespace
}  // namespace evc::resilience
