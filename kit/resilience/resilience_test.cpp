#include <gtest/gtest.h>

#include "kit/resilience/bulkhead.hpp"
#include "kit/resilience/circuit_breaker.hpp"
#include "kit/resilience/gradient_limit.hpp"
#include "kit/resilience/outlier_ejection.hpp"
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

using Result = OutlierEjection::Outcome;

// So many calls, each to whoever is chosen; how many went to each.
std::vector<int> calls(OutlierEjection& outliers, SteadyTime now, int count, auto&& outcome_of) {
  std::vector<int> to(outliers.size());
  for (int i = 0; i < count; ++i) {
    const std::size_t instance = outliers.begin_call(now);
    ++to[instance];
    const auto [outcome, took] = outcome_of(instance);
    outliers.record(instance, outcome, took, now);
  }
  return to;
}

constexpr auto kAllGood = [](std::size_t) { return std::pair{Result::kGood, 10ms}; };
constexpr auto kFirstFails = [](std::size_t instance) {
  return std::pair{instance == 0 ? Result::kFailed : Result::kGood, 10ms};
};

TEST(Outliers, EqualsTakeTurns) {
  OutlierEjection outliers(3);
  EXPECT_EQ(calls(outliers, kStart, 30, kAllGood), (std::vector<int>{10, 10, 10}));
}

// One that fails at once is always the one with the fewest calls under way: another try must not go there again.
TEST(Outliers, AnotherTryGoesToAnother) {
  OutlierEjection outliers(3);
  for (int i = 0; i < 9; ++i) {
    const std::size_t first = outliers.begin_call(kStart);
    outliers.record(first, Result::kNeutral, 1ms, kStart);
    const std::size_t second = outliers.begin_call(kStart, first);
    EXPECT_NE(second, first);
    outliers.record(second, Result::kGood, 1ms, kStart);
  }
  OutlierEjection alone(1);
  EXPECT_EQ(alone.begin_call(kStart, 0), 0u);
}

TEST(Outliers, TheOneWithFewerCallsUnderWayIsAsked) {
  OutlierEjection outliers(2);
  const std::size_t hangs = outliers.begin_call(kStart);
  for (int i = 0; i < 3; ++i) {
    const std::size_t other = outliers.begin_call(kStart);
    EXPECT_NE(other, hangs);
    outliers.record(other, Result::kGood, 1ms, kStart);
  }
}

TEST(Outliers, WhoFailsThreeTimesInARowIsLeftAloneAndComesBack) {
  OutlierEjection outliers(2);
  const auto to = calls(outliers, kStart, 40, kFirstFails);
  EXPECT_EQ(to[0], 3);
  EXPECT_EQ(outliers.ejected_for(0, kStart), 5s);
  EXPECT_EQ(calls(outliers, kStart + 4999ms, 10, kAllGood)[0], 0);
  EXPECT_EQ(calls(outliers, kStart + 5s, 20, kAllGood)[0], 10);
}

TEST(Outliers, WhoFailsAgainAtOnceIsLeftAloneForLonger) {
  OutlierEjection outliers(2);
  SteadyTime now = kStart;
  calls(outliers, now, 10, kFirstFails);
  for (const auto expected : {10s, 20s, 40s, 60s, 60s}) {
    now += outliers.ejected_for(0, now);
    EXPECT_EQ(calls(outliers, now, 10, kFirstFails)[0], 1) << "one call is enough";
    EXPECT_EQ(outliers.ejected_for(0, now), expected);
  }
  now += 60s;
  calls(outliers, now, 40, kAllGood);
  calls(outliers, now, 10, kFirstFails);
  EXPECT_EQ(outliers.ejected_for(0, now), 5s) << "it had healed in between";
}

TEST(Outliers, WithFewCallsAlsoAnOldEjectionIsForgotten) {
  OutlierEjection outliers(2);
  calls(outliers, kStart, 10, kFirstFails);
  const SteadyTime later = kStart + 5s + 61s;
  calls(outliers, later, 2, kAllGood);
  EXPECT_EQ(calls(outliers, later, 4, kFirstFails)[0], 2);
  EXPECT_EQ(outliers.ejected_for(0, later), 0s) << "two failures are no row of three";
}

TEST(Outliers, FailuresThatAreNotInARowMeanNothing) {
  OutlierEjection outliers(2);
  int number = 0;
  calls(outliers, kStart, 100,
        [&](std::size_t) { return std::pair{++number % 5 == 0 ? Result::kFailed : Result::kGood, 10ms}; });
  EXPECT_EQ(outliers.ejected_for(0, kStart), 0s);
  EXPECT_EQ(outliers.ejected_for(1, kStart), 0s);
}

TEST(Outliers, WhoIsMuchSlowerIsLeftAlone) {
  OutlierEjection outliers(2);
  const auto slow = [](std::size_t instance) { return std::pair{Result::kGood, instance == 0 ? 400ms : 50ms}; };
  calls(outliers, kStart, 40, slow);
  EXPECT_EQ(outliers.ejected_for(0, kStart), 5s);
  OutlierEjection quick(2);
  calls(quick, kStart, 40, [](std::size_t instance) { return std::pair{Result::kGood, instance == 0 ? 90ms : 5ms}; });
  EXPECT_EQ(quick.ejected_for(0, kStart), 0s) << "below a tenth of a second nobody is slow";
  OutlierEjection alike(2);
  calls(alike, kStart, 40, [](std::size_t) { return std::pair{Result::kGood, 400ms}; });
  EXPECT_EQ(alike.ejected_for(0, kStart), 0s) << "all are";
}

TEST(Outliers, WhenTooFewWouldBeLeftAllAreAsked) {
  OutlierEjection outliers(3);
  calls(outliers, kStart, 30,
        [](std::size_t instance) { return std::pair{instance < 2 ? Result::kFailed : Result::kGood, 10ms}; });
  EXPECT_TRUE(outliers.panics(kStart));
  const auto to = calls(outliers, kStart, 30, kAllGood);
  EXPECT_EQ(to, (std::vector<int>{10, 10, 10}));
  OutlierEjection alone(1);
  calls(alone, kStart, 30, kFirstFails);
  EXPECT_EQ(alone.begin_call(kStart), 0U) << "who is the only one is always asked";
}

// Calls under way all the time as far as they are let in, each taking `took`.
void load(GradientLimit& limit, int rounds, std::chrono::microseconds took, std::string_view kind = "read") {
  for (int i = 0; i < rounds; ++i) {
    while (limit.enter(1)) {
    }
    limit.leave(kind, took);
  }
  while (limit.in_flight() > 0) limit.leave_unmeasured();
}

TEST(Gradient, GrowsWhileCallsTakeWhatTheyUsuallyTake) {
  GradientLimit limit;
  load(limit, 500, 20ms);
  EXPECT_GT(limit.limit(), 200U);
  load(limit, 20'000, 20ms);
  EXPECT_EQ(limit.limit(), 1'000U) << "and not for ever";
}

TEST(Gradient, ShrinksWhenTheyTakeLongerAndGrowsAgain) {
  GradientLimit limit;
  load(limit, 600, 20ms);
  const std::size_t before = limit.limit();
  load(limit, 40, 400ms);
  EXPECT_LT(limit.limit(), before / 2);
  EXPECT_GE(limit.limit(), 10U);
  const std::size_t low = limit.limit();
  load(limit, 1'000, 20ms);
  EXPECT_GT(limit.limit(), 2 * low);
}

TEST(Gradient, AKindThatIsSlowByNatureIsComparedWithItself) {
  GradientLimit limit;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(limit.enter(1));
    limit.leave(i % 2 == 0 ? "read" : "search", i % 2 == 0 ? 5'000us : 800'000us);
  }
  EXPECT_GE(limit.limit(), 100U);
}

TEST(Gradient, TheLeastImportantAreTurnedAwayFirst) {
  GradientLimit limit({.first = 10});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(limit.enter(0.5)) << i;
  EXPECT_FALSE(limit.enter(0.5));
  for (int i = 5; i < 8; ++i) ASSERT_TRUE(limit.enter(0.8)) << i;
  EXPECT_FALSE(limit.enter(0.8));
  EXPECT_TRUE(limit.enter(1));
}

}  // namespace
}  // namespace evc::resilience
