#include "kit/kafka/consumer_statistics.hpp"

#include <gtest/gtest.h>

namespace evc::kafka {
namespace {

// As librdkafka names them, with the members that are read alone.
json::Value statistics(const std::string& state_of_second) {
  return json::parse(R"({"brokers": {"a/1": {"state": "UP"}, "b/2": {"state": "DOWN"}},
    "topics": {"t.events": {"partitions": {
      "0": {"fetch_state": "active", "hi_offset": 10, "committed_offset": 7, "lo_offset": 0, "fetchq_size": 100},
      "1": {"fetch_state": ")" +
                     state_of_second +
                     R"(", "hi_offset": 5, "committed_offset": -1001, "lo_offset": 2, "fetchq_size": 20},
      "-1": {"fetch_state": "none"}}}}})")
      .value();
}
const std::vector<TopicPartition> kBoth{{"t.events", 0}, {"t.events", 1}};

TEST(ConsumerStatistics, APartitionThatIsNotReadFromIsNoticed) {
  EXPECT_TRUE(all_fetched(statistics("active"), kBoth));
  for (const char* state : {"offset-query", "offset-wait", "stopped", "none"}) {
    EXPECT_FALSE(all_fetched(statistics(state), kBoth)) << state;
    EXPECT_TRUE(all_fetched(statistics(state), {{"t.events", 0}})) << "another's partition is another's matter";
  }
  EXPECT_FALSE(all_fetched(statistics("active"), {{"t.events", 2}})) << "unknown";
  EXPECT_TRUE(all_fetched(statistics("none"), {}));
}

TEST(ConsumerStatistics, TheLagCountsFromTheCommitOrTheFirstRecord) {
  EXPECT_EQ(lag_in(statistics("active"), kBoth), 3 + 3);
  EXPECT_EQ(lag_in(statistics("active"), {{"t.events", 2}}), -1);
}

TEST(ConsumerStatistics, OneBrokerIsEnough) {
  EXPECT_TRUE(any_broker_up(statistics("active")));
  EXPECT_FALSE(any_broker_up(json::parse(R"({"brokers": {"a/1": {"state": "TRY_CONNECT"}}})").value()));
}

TEST(ConsumerStatistics, WhatIsFetchedAheadIsSummedUp) {
  EXPECT_EQ(fetched_in(statistics("active")), 120);
  EXPECT_EQ(fetched_in(json::parse("{}").value()), -1);
}

}  // namespace
}  // namespace evc::kafka
