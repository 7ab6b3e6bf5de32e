#include "kit/kafka/consumer_statistics.hpp"

#include <algorithm>

namespace evc::kafka {

namespace {

std::int64_t field(const json::Object& fields, const char* name) {
  const auto* value = fields.if_contains(name);
  return value && value->is_int64() ? value->as_int64() : -1;
}

const json::Object* partition_in(const json::Value& statistics, const TopicPartition& place) {
  boost::system::error_code missing;
  const auto* found =
      statistics.find_pointer("/topics/" + place.topic + "/partitions/" + std::to_string(place.partition), missing);
  return found ? found->if_object() : nullptr;
}

}  // namespace

std::int64_t lag_in(const json::Value& statistics, const std::vector<TopicPartition>& assigned) {
  std::int64_t sum = 0;
  for (const TopicPartition& place : assigned) {
    const auto* fields = partition_in(statistics, place);
    if (!fields) return -1;
    const std::int64_t end = field(*fields, "hi_offset");
    const std::int64_t done = std::max(field(*fields, "committed_offset"), field(*fields, "lo_offset"));
    if (end < 0 || done < 0) return -1;
    sum += std::max<std::int64_t>(0, end - done);
  }
  return sum;
}

std::int64_t fetched_in(const json::Value& statistics) {
  boost::system::error_code missing;
  const auto* topics = statistics.find_pointer("/topics", missing);
  if (!topics || !topics->is_object()) return -1;
  std::int64_t sum = 0;
  for (const auto& topic : topics->as_object()) {
    const auto* partitions = topic.value().find_pointer("/partitions", missing);
    if (!partitions || !partitions->is_object()) continue;
    for (const auto& partition : partitions->as_object())
      sum += std::max<std::int64_t>(0, field(partition.value().as_object(), "fetchq_size"));
  }
  return sum;
}

bool any_broker_up(const json::Value& statistics) {
  boost::system::error_code missing;
  const auto* brokers = statistics.find_pointer("/brokers", missing);
  if (!brokers || !brokers->is_object()) return false;
  return std::ranges::any_of(brokers->as_object(), [](const auto& broker) {
    const auto* state = broker.value().is_object() ? broker.value().as_object().if_contains("state") : nullptr;
    return state && state->is_string() && state->as_string() == "UP";
  });
}

bool all_fetched(const json::Value& statistics, const std::vector<TopicPartition>& assigned) {
  return std::ranges::all_of(assigned, [&statistics](const TopicPartition& place) {
    const auto* fields = partition_in(statistics, place);
    const auto* state = fields ? fields->if_contains("fetch_state") : nullptr;
    return state && state->is_string() && state->as_string() == "active";
  });
}

}  // namespace evc::kafka
