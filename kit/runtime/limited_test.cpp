#include "kit/runtime/limited.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kit/runtime/one_shot.hpp"
#include "kit/testing/run_task.hpp"

namespace evc {
namespace {

using namespace std::chrono_literals;
using evc::testing::run_task;

SteadyTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

Task<> turn_for_ever(Worker& worker, int& turns) {
  while (true) {
    ++turns;
    co_await sleep_for(worker, 1ms);
  }
}

Task<> wait_for(std::shared_ptr<OneShot<bool>> news, bool& ended) {
  co_await OneShot<bool>::wait(news);
  ended = true;
}

Task<> throw_at_once() {
  throw std::runtime_error("a bug");
  co_return;
}

TEST(Limited, ATaskThatEndsByItselfIsNotTouched) {
  Worker worker;
  int turns = 0;
  auto quick = [](int& count) -> Task<> {
    ++count;
    co_return;
  };
  EXPECT_TRUE(run_task(worker, run_limited(worker, quick(turns), in(10s), {})));
  EXPECT_EQ(turns, 1);
}

TEST(Limited, ATaskThatNeverEndsIsToldToStop) {
  Worker worker;
  int turns = 0;
  int told = 0;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(run_task(worker, run_limited(worker, turn_for_ever(worker, turns), in(50ms), [&] { ++told; })));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_GT(turns, 1);
  EXPECT_EQ(told, 1);
}

TEST(Limited, WhatItWaitsForIsCancelled) {
  Worker worker;
  const auto news = std::make_shared<OneShot<bool>>(worker.executor());
  bool ended = false;
  EXPECT_FALSE(run_task(worker, run_limited(worker, wait_for(news, ended), in(20ms), {})));
  EXPECT_TRUE(news->delivered()) << "nobody waits any more";
}

TEST(Limited, WhatItThrowsIsThrown) {
  Worker worker;
  EXPECT_THROW(run_task(worker, run_limited(worker, throw_at_once(), in(10s), {})), std::runtime_error);
}

}  // namespace
}  // namespace evc
