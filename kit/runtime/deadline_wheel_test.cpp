#include "kit/runtime/deadline_wheel.hpp"

#include <gtest/gtest.h>

#include "kit/testing/run_task.hpp"

namespace evc {
namespace {

using namespace std::chrono_literals;
using testing::run_until;

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

TEST(DeadlineWheel, ExpiresNotBeforeItsTimeAndInOrder) {
  Worker worker;
  std::vector<int> order;
  std::vector<DeadlineWheel::Handle> handles;
  const SteadyTime start = now();
  for (const int ms : {60, 20, 40, 0}) {
    handles.push_back(worker.wheel().arm(start + std::chrono::milliseconds(ms), [&order, ms, start] {
      EXPECT_GE(now(), start + std::chrono::milliseconds(ms));
      order.push_back(ms);
    }));
  }
  EXPECT_EQ(worker.wheel().armed(), 4U);
  ASSERT_TRUE(run_until(worker, [&] { return order.size() == 4; }));
  EXPECT_EQ(order, (std::vector{0, 20, 40, 60}));
  EXPECT_EQ(worker.wheel().armed(), 0U);
  EXPECT_FALSE(handles[0].armed());
}

TEST(DeadlineWheel, ADisarmedEntryNeverRuns) {
  Worker worker;
  bool wrong = false;
  bool done = false;
  auto destroyed = std::make_unique<DeadlineWheel::Handle>(worker.wheel().arm(now() + 10ms, [&] { wrong = true; }));
  auto overwritten = worker.wheel().arm(now() + 10ms, [&] { wrong = true; });
  auto disarmed = worker.wheel().arm(now() + 10ms, [&] { wrong = true; });
  destroyed.reset();
  overwritten = worker.wheel().arm(now() + 40ms, [&] { done = true; });
  disarmed.disarm();
  EXPECT_EQ(worker.wheel().armed(), 1U);
  ASSERT_TRUE(run_until(worker, [&] { return done; }));
  EXPECT_FALSE(wrong);
}

TEST(DeadlineWheel, ACallbackMayDisarmItsNeighbourAndArmAgain) {
  Worker worker;
  bool wrong = false;
  int runs = 0;
  const SteadyTime when = now() + 20ms;
  DeadlineWheel::Handle second;
  DeadlineWheel::Handle again;
  auto first = worker.wheel().arm(when, [&] {
    second.disarm();
    again = worker.wheel().arm(now(), [&] { runs += 10; });
    ++runs;
  });
  second = worker.wheel().arm(when, [&] { wrong = true; });
  ASSERT_TRUE(run_until(worker, [&] { return runs == 11; }));
  EXPECT_FALSE(wrong);
}

TEST(DeadlineWheel, ACallbackThatArmsALaterDeadlineHidesNoNearerOne) {
  Worker worker;
  const SteadyTime start = now();
  bool done = false;
  DeadlineWheel::Handle later;
  const auto renewed =
      worker.wheel().arm(start + 10ms, [&] { later = worker.wheel().arm(start + 60s, [] { FAIL(); }); });
  const auto near = worker.wheel().arm(start + 60ms, [&] { done = true; });
  ASSERT_TRUE(run_until(worker, [&] { return done; }));
  EXPECT_LT(now() - start, 2s);
  EXPECT_TRUE(later.armed());
}

TEST(DeadlineWheel, ACallbackMayDestroyItsOwnHandle) {
  Worker worker;
  auto handle = std::make_unique<DeadlineWheel::Handle>();
  bool done = false;
  *handle = worker.wheel().arm(now(), [&] {
    handle.reset();
    done = true;
  });
  ASSERT_TRUE(run_until(worker, [&] { return done; }));
}

TEST(DeadlineWheel, NoTimerRunsWhileNothingIsArmed) {
  Worker worker;
  auto handle = worker.wheel().arm(now() + 10s, [] {});
  handle.disarm();
  // The cancelled wait is all there is to do; the loop then has no work left.
  worker.io().run_for(5s);
  EXPECT_TRUE(worker.io().stopped());
}

TEST(DeadlineWheel, AFarDeadlineDoesNotHideANearOne) {
  Worker worker;
  bool done = false;
  const auto never = worker.wheel().arm(SteadyTime::max(), [] { FAIL(); });
  const auto far = worker.wheel().arm(now() + 1h, [] { FAIL(); });
  // The same slot as the near one, some turns later.
  const auto same_slot = worker.wheel().arm(now() + 10240ms * 3 + 20ms, [] { FAIL(); });
  const auto near = worker.wheel().arm(now() + 20ms, [&] { done = true; });
  const SteadyTime start = now();
  ASSERT_TRUE(run_until(worker, [&] { return done; }));
  EXPECT_LT(now() - start, 2s);
  EXPECT_TRUE(never.armed() && far.armed() && same_slot.armed());
}

TEST(DeadlineWheel, ALateLoopMissesNothing) {
  Worker worker;
  int runs = 0;
  std::vector<DeadlineWheel::Handle> handles;
  for (int i = 0; i < 50; ++i)
    handles.push_back(worker.wheel().arm(now() + std::chrono::milliseconds(i), [&] { ++runs; }));
  const SteadyTime busy_until = now() + 120ms;
  worker.post([busy_until] {
    while (now() < busy_until) {
    }
  });
  ASSERT_TRUE(run_until(worker, [&] { return runs == 50; }));
}

TEST(DeadlineWheel, HandlesMayOutliveTheWheel) {
  DeadlineWheel::Handle handle;
  {
    Worker worker;
    handle = worker.wheel().arm(now() + 1s, [] {});
  }
  EXPECT_FALSE(handle.armed());
}

}  // namespace
}  // namespace evc
