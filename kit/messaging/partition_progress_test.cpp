#include "kit/messaging/partition_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evc::messaging {
namespace {

kafka::Record at(std::int64_t offset, std::int32_t partition = 0) {
  return {.topic = "t", .partition = partition, .offset = offset};
}

std::vector<std::int64_t> offsets(const std::vector<kafka::Record>& records) {
  std::vector<std::int64_t> all;
  for (const auto& record : records) all.push_back(record.offset);
  return all;
}

TEST(PartitionProgress, TheFirstOpenRecordHoldsTheCommit) {
  PartitionProgress progress;
  for (int offset = 10; offset < 15; ++offset) progress.begin(at(offset));
  EXPECT_THAT(offsets(progress.take_committable()), testing::IsEmpty());
  progress.done(at(12));
  progress.done(at(14));
  EXPECT_THAT(offsets(progress.take_committable()), testing::IsEmpty());
  progress.done(at(10));
  EXPECT_THAT(offsets(progress.take_committable()), testing::ElementsAre(10));
  progress.done(at(11));
  EXPECT_THAT(offsets(progress.take_committable()), testing::ElementsAre(12));
  progress.done(at(13));
  EXPECT_THAT(offsets(progress.take_committable()), testing::ElementsAre(14));
  EXPECT_THAT(offsets(progress.take_committable()), testing::IsEmpty());
  EXPECT_EQ(progress.open({"t", 0}), 0u);
}

TEST(PartitionProgress, WhatWasNotCommittedIsGivenOutAgain) {
  PartitionProgress progress;
  progress.begin(at(3));
  progress.done(at(3));
  const auto taken = progress.take_committable();
  progress.not_committed(taken);
  EXPECT_THAT(offsets(progress.take_committable()), testing::ElementsAre(3));
}

TEST(PartitionProgress, AForgottenPartitionCommitsNothing) {
  PartitionProgress progress;
  progress.begin(at(3));
  progress.begin(at(7, 1));
  progress.forget({"t", 0});
  progress.done(at(3));
  progress.done(at(7, 1));
  const auto taken = progress.take_committable();
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].partition, 1);
}

}  // namespace
}  // namespace evc::messaging
