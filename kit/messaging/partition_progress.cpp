#include "kit/messaging/partition_progress.hpp"

#include <algorithm>

namespace evc::messaging {

void PartitionProgress::begin(const kafka::Record& record) {
  auto [place, fresh] = partitions_.try_emplace({record.topic, record.partition});
  auto& partition = place->second;
  // Before the first record that was seen here nothing is ours to commit.
  if (fresh) partition.committed = record.offset - 1;
  partition.open.insert(record.offset);
  partition.highest = std::max(partition.highest, record.offset);
}

void PartitionProgress::done(const kafka::Record& record) {
  const auto found = partitions_.find({record.topic, record.partition});
  if (found != partitions_.end()) found->second.open.erase(record.offset);
}

void PartitionProgress::forget(const kafka::TopicPartition& partition) {
  partitions_.erase(partition);
}

std::size_t PartitionProgress::open(const kafka::TopicPartition& partition) const {
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? 0 : found->second.open.size();
}

std::vector<kafka::Record> PartitionProgress::take_committable() {
  std::vector<kafka::Record> committable;
  for (auto& [place, partition] : partitions_) {
    const std::int64_t last = partition.open.empty() ? partition.highest : *partition.open.begin() - 1;
    if (last <= partition.committed) continue;
    partition.committed = last;
    committable.push_back({.topic = place.topic, .partition = place.partition, .offset = last});
  }
  return committable;
}

void PartitionProgress::not_committed(const std::vector<kafka::Record>& records) {
  for (const auto& record : records) {
    const auto found = partitions_.find({record.topic, record.partition});
    if (found != partitions_.end()) found->second.committed = record.offset - 1;
  }
}

}  // namespace evc::messaging
