#include "kit/runtime/cpu_pool.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <future>

#include "kit/testing/run_task.hpp"

namespace evc {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

const SteadyTime kNever = SteadyTime::max();

Task<> record(CpuPool& pool, Worker& worker, SteadyTime deadline, std::vector<std::string>& log) {
  auto outcome = co_await pool.run(worker, deadline, [] { return 1; });
  log.push_back(outcome ? "ran" : std::string(info(outcome.error().code).name));
}

Task<> block(CpuPool& pool, Worker& worker, std::shared_future<void> until, std::promise<void>& begun) {
  co_await pool.run(worker, kNever, [until, &begun] {
    begun.set_value();
    until.wait();
    return 0;
  });
}

TEST(CpuPool, RunsElsewhereAndComesBack) {
  Worker worker;
  CpuPool pool({.name = "test"});
  const auto here = std::this_thread::get_id();
  auto moved_in = std::make_unique<int>(7);
  const auto result = run_task(worker, pool.run(worker, kNever, [moved = std::move(moved_in)] {
    return std::pair(*moved, std::this_thread::get_id());
  }));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->first, 7);
  EXPECT_NE(result->second, here);
}

TEST(CpuPool, ItsThreadsGiveWay) {
  Worker worker;
  CpuPool pool({.name = "nice", .nice = 7});
  const auto nice =
      run_task(worker, pool.run(worker, kNever, [] { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }));
  EXPECT_EQ(*nice, std::min(19, getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())) + 7));
}

TEST(CpuPool, AFullQueueShedsAndALateJobIsSkipped) {
  Worker worker;
  CpuPool pool({.name = "small", .queue_limit = 2});
  std::promise<void> release;
  std::promise<void> begun;
  std::vector<std::string> log;
  worker.tasks().spawn("block", block(pool, worker, release.get_future().share(), begun));
  worker.io().poll();
  begun.get_future().wait();
  worker.tasks().spawn("late", record(pool, worker, std::chrono::steady_clock::now(), log));
  worker.tasks().spawn("waits", record(pool, worker, kNever, log));
  worker.tasks().spawn("shed", record(pool, worker, kNever, log));
  ASSERT_TRUE(testing::run_until(worker, [&] { return log.size() == 1; }));
  EXPECT_EQ(log, std::vector<std::string>{"overloaded"});
  EXPECT_EQ(pool.queued(), 2U);
  release.set_value();
  ASSERT_TRUE(testing::run_until(worker, [&] { return log.size() == 3; }));
  EXPECT_EQ(log, (std::vector<std::string>{"overloaded", "deadline-exceeded", "ran"}));
}

TEST(CpuPool, ItsEndWaitsForWhatRunsAndGivesBackWhatWaits) {
  Worker worker;
  auto pool = std::make_unique<CpuPool>(CpuPool::Options{.name = "ends"});
  std::promise<void> release;
  std::promise<void> begun;
  std::vector<std::string> log;
  worker.tasks().spawn("block", block(*pool, worker, release.get_future().share(), begun));
  worker.tasks().spawn("waits", record(*pool, worker, kNever, log));
  worker.io().poll();
  begun.get_future().wait();
  auto end = std::async(std::launch::async, [&] { pool.reset(); });
  EXPECT_EQ(end.wait_for(20ms), std::future_status::timeout);
  release.set_value();
  end.get();
  ASSERT_TRUE(testing::run_until(worker, [&] { return worker.tasks().size() == 0; }));
  EXPECT_EQ(log, std::vector<std::string>{"deadline-exceeded"});
}

}  // namespace
}  // namespace evc
