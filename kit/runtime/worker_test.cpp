#include "kit/runtime/worker.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <future>

#include "kit/runtime/signals.hpp"
#include "kit/testing/run_task.hpp"

namespace evc {
namespace {

using namespace std::chrono_literals;
using testing::run_task;
using testing::run_until;

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

Task<> forever(Worker& worker, bool& ended) {
  while (!worker.tasks().cancelled()) co_await sleep_for(worker, 1h);
  ended = true;
}

Task<int> answer(Worker& worker) {
  co_await sleep_for(worker, 10ms);
  co_return 42;
}

Task<> throwing() {
  throw std::runtime_error("out of order");
  co_return;
}

struct SaysWhenDestroyed {
  bool& flag;
  Worker& worker;
  ~SaysWhenDestroyed() {
    flag = true;
    EXPECT_GE(worker.tasks().size(), 1U);  // the worker's parts are still there
  }
};

Task<> suspended_for_ever(Worker& worker, bool& destroyed) {
  const SaysWhenDestroyed local{destroyed, worker};
  co_await sleep_for(worker, 1h);
}

TEST(Worker, RunsOnItsOwnThreadAndTakesPosts) {
  Worker worker(3);
  worker.start();
  std::promise<std::thread::id> where;
  worker.post([&] { where.set_value(std::this_thread::get_id()); });
  auto future = where.get_future();
  ASSERT_EQ(future.wait_for(10s), std::future_status::ready);
  EXPECT_NE(future.get(), std::this_thread::get_id());
  EXPECT_EQ(testing::run_task_on(worker, answer(worker)), 42);
  worker.stop();
  worker.join();
}

TEST(Worker, SleepsAtLeastAsLongAsAsked) {
  Worker worker;
  const SteadyTime start = now();
  EXPECT_EQ(run_task(worker, answer(worker)), 42);
  EXPECT_GE(now() - start, 10ms);
}

TEST(Worker, DestroysSuspendedCoroutinesWhileItsPartsExist) {
  bool destroyed = false;
  {
    Worker worker;
    worker.tasks().spawn("suspended", suspended_for_ever(worker, destroyed));
    worker.io().poll();
    EXPECT_FALSE(destroyed);
  }
  EXPECT_TRUE(destroyed);
}

TEST(TaskGroup, CancelWakesAndDrainWaits) {
  Worker worker;
  bool ended = false;
  worker.tasks().spawn("forever", forever(worker, ended));
  worker.io().poll();
  EXPECT_EQ(worker.tasks().names(), std::vector<std::string>{"forever"});
  EXPECT_FALSE(run_task(worker, worker.tasks().drain(now() + 20ms)));
  worker.tasks().cancel();
  EXPECT_TRUE(run_task(worker, worker.tasks().drain(now() + 10s)));
  EXPECT_TRUE(ended);
  EXPECT_EQ(worker.tasks().size(), 0U);
  // A group that is cancelled no longer lets anybody sleep.
  const SteadyTime start = now();
  run_task(worker, sleep_for(worker, 1h));
  EXPECT_LT(now() - start, 10s);
}

TEST(TaskGroup, CancelReachesATaskOfAnotherGroup) {
  Worker worker;
  bool ended = false;
  TaskGroup other(worker.io());
  other.spawn("other", forever(worker, ended));
  worker.io().poll();
  worker.tasks().cancel();
  EXPECT_TRUE(run_task(worker, other.drain(now() + 10s)));
  EXPECT_TRUE(ended);
}

TEST(TaskGroup, DrainOfAnEmptyGroupIsImmediate) {
  Worker worker;
  EXPECT_TRUE(run_task(worker, worker.tasks().drain(now())));
}

TEST(TaskGroup, AnExceptionEndsTheProcessWithTheTasksName) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Worker worker;
        worker.tasks().spawn("broken-task", throwing());
        worker.io().run();
      },
      "broken-task ended with an exception: out of order");
}

TEST(Signals, ArriveAsCallsOnTheWorker) {
  Worker worker;
  std::vector<int> got;
  const StopSignals signals(worker, [&](int number) { got.push_back(number); });
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  ASSERT_TRUE(run_until(worker, [&] { return got.size() == 1; }));
  ASSERT_EQ(kill(getpid(), SIGINT), 0);
  ASSERT_TRUE(run_until(worker, [&] { return got.size() == 2; }));
  EXPECT_EQ(got, (std::vector{SIGTERM, SIGINT}));
}

TEST(Testing, ATaskThatDoesNotEndInTimeIsReported) {
  Worker worker;
  EXPECT_THROW(run_task(worker, sleep_for(worker, 1h), 20ms), std::runtime_error);
}

}  // namespace
}  // namespace evc
