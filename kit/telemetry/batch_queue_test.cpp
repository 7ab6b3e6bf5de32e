#include "kit/telemetry/batch_queue.hpp"

#include <gtest/gtest.h>

#include <future>

namespace evc::telemetry {
namespace {

using namespace std::chrono_literals;

BatchQueue::Options quick() {
  return {.limit = 4, .batch = 2, .delay = 5ms, .first_retry = 1ms, .last_retry = 2ms};
}

TEST(BatchQueue, SendsEverythingInOrderBeforeItStops) {
  std::string got, expected;
  BatchQueue queue({.limit = 100, .batch = 7}, [&](std::string_view batch) {
    EXPECT_LE(batch.size(), 7U);
    got += batch;
    return Delivery::kDone;
  });
  for (char entry = '0'; entry < 'b'; ++entry) {
    queue.push({&entry, 1});
    expected += entry;
  }
  EXPECT_TRUE(queue.stop(10s));
  queue.join();
  EXPECT_EQ(got, expected);
  EXPECT_EQ(queue.dropped(), 0U);
}

TEST(BatchQueue, AFullQueueDropsAndCounts) {
  std::promise<void> release;
  std::promise<void> begun;
  std::size_t sent = 0;
  BatchQueue queue(quick(), [&, first = true](std::string_view batch) mutable {
    sent += batch.size();
    if (std::exchange(first, false)) {
      begun.set_value();
      release.get_future().wait();
    }
    return Delivery::kDone;
  });
  queue.push("0");
  begun.get_future().wait();
  for (int i = 0; i < 10; ++i) queue.push("x");
  EXPECT_EQ(queue.dropped(), 6U);
  release.set_value();
  EXPECT_TRUE(queue.stop(10s));
  EXPECT_EQ(sent, 5U);
}

TEST(BatchQueue, AFailedBatchIsTriedAgain) {
  int attempts = 0;
  std::string got;
  BatchQueue queue(quick(), [&](std::string_view batch) {
    if (++attempts < 4) return Delivery::kAgain;
    got = batch;
    return Delivery::kDone;
  });
  queue.push("7");
  EXPECT_TRUE(queue.stop(10s));
  EXPECT_EQ(got, "7");
  EXPECT_EQ(attempts, 4);
}

TEST(BatchQueue, ARefusedBatchIsDroppedAndCountedAndTheNextIsSent) {
  std::vector<std::string> asked;
  BatchQueue queue(quick(), [&](std::string_view batch) {
    asked.emplace_back(batch);
    return asked.size() == 1 ? Delivery::kRefused : Delivery::kDone;
  });
  for (const char* entry : {"a", "b", "c"}) queue.push(entry);
  EXPECT_FALSE(queue.stop(10s));
  queue.join();
  EXPECT_EQ(asked, (std::vector<std::string>{"ab", "c"}));
  EXPECT_EQ(queue.dropped(), 2U);
}

TEST(BatchQueue, StopGivesUpAtItsLimitAndCountsWhatWasLeft) {
  BatchQueue queue(quick(), [](std::string_view) { return Delivery::kAgain; });
  for (int i = 0; i < 3; ++i) queue.push("x");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(queue.stop(50ms));
  queue.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_EQ(queue.dropped(), 3U);
}

TEST(BatchQueue, NothingIsTakenAfterStop) {
  BatchQueue queue(quick(), [](std::string_view) { return Delivery::kDone; });
  queue.stop(1s);
  queue.push("1");
  EXPECT_EQ(queue.dropped(), 1U);
}

}  // namespace
}  // namespace evc::telemetry
