#include "kit/telemetry/batch_queue.hpp"

#include <gtest/gtest.h>

#include <future>

namespace evc::telemetry {
namespace {

using namespace std::chrono_literals;

BatchQueue<int>::Options quick() {
  return {.limit = 4, .batch = 2, .delay = 5ms, .first_retry = 1ms, .last_retry = 2ms};
}

TEST(BatchQueue, SendsEverythingInOrderBeforeItStops) {
  std::vector<int> got;
  BatchQueue<int> queue({.limit = 100, .batch = 7}, [&](const std::vector<int>& batch) {
    EXPECT_LE(batch.size(), 7U);
    got.insert(got.end(), batch.begin(), batch.end());
    return true;
  });
  for (int i = 0; i < 50; ++i) queue.push(i);
  EXPECT_TRUE(queue.stop(10s));
  queue.join();
  ASSERT_EQ(got.size(), 50U);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
  EXPECT_EQ(queue.dropped(), 0U);
}

TEST(BatchQueue, AFullQueueDropsAndCounts) {
  std::promise<void> release;
  std::promise<void> begun;
  std::size_t sent = 0;
  BatchQueue<int> queue(quick(), [&, first = true](const std::vector<int>& batch) mutable {
    sent += batch.size();
    if (std::exchange(first, false)) {
      begun.set_value();
      release.get_future().wait();
    }
    return true;
  });
  queue.push(0);
  begun.get_future().wait();
  for (int i = 0; i < 10; ++i) queue.push(i);
  EXPECT_EQ(queue.dropped(), 6U);
  release.set_value();
  EXPECT_TRUE(queue.stop(10s));
  EXPECT_EQ(sent, 5U);
}

TEST(BatchQueue, AFailedBatchIsTriedAgain) {
  int attempts = 0;
  std::vector<int> got;
  BatchQueue<int> queue(quick(), [&](const std::vector<int>& batch) {
    if (++attempts < 4) return false;
    got = batch;
    return true;
  });
  queue.push(7);
  EXPECT_TRUE(queue.stop(10s));
  EXPECT_EQ(got, std::vector<int>{7});
  EXPECT_EQ(attempts, 4);
}

TEST(BatchQueue, StopGivesUpAtItsLimitAndCountsWhatWasLeft) {
  BatchQueue<int> queue(quick(), [](const std::vector<int>&) { return false; });
  for (int i = 0; i < 3; ++i) queue.push(i);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(queue.stop(50ms));
  queue.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_EQ(queue.dropped(), 3U);
}

TEST(BatchQueue, NothingIsTakenAfterStop) {
  BatchQueue<int> queue(quick(), [](const std::vector<int>&) { return true; });
  queue.stop(1s);
  queue.push(1);
  EXPECT_EQ(queue.dropped(), 1U);
}

}  // namespace
}  // namespace evc::telemetry
