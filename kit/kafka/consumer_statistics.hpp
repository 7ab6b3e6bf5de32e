// What librdkafka's statistics say about a consumer.
#pragma once

#include <cstdint>
#include <vector>

#include "kit/base/json.hpp"
#include "kit/kafka/topic_partition.hpp"

namespace evc::kafka {

// Records behind the group's commits, over the partitions of librdkafka's statistics; -1 when the end of one of them is
// not known yet. (Its own `consumer_lag` is unknown until the first commit; a new group counts from the first record.)
std::int64_t lag_in(const json::Value& statistics, const std::vector<TopicPartition>& assigned);

// Bytes in memory, of all partitions, ours or not any more; -1 unknown.
std::int64_t fetched_in(const json::Value& statistics);

bool any_broker_up(const json::Value& statistics);

// Each of them is read from. A partition whose position could not be asked for stays as it is for ever:
// librdkafka 2.0.2 gives up when the group's coordinator answers that it is none (any more, or not yet).
bool all_fetched(const json::Value& statistics, const std::vector<TopicPartition>& assigned);

}  // namespace evc::kafka
