#include "proofs/simulator/broker.hpp"

#include <functional>

namespace evc::simulator {
namespace {

std::int32_t partition_of(const std::string& key, std::int32_t partitions) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return static_cast<std::int32_t>(hash % static_cast<std::uint32_t>(partitions));
}

}  // namespace

void Broker::append(kafka::Record record) {
  record.partition = partition_of(record.key, partitions_);
  auto& log = logs_[{record.topic, record.partition}];
  record.offset = static_cast<std::int64_t>(log.size());
  record.timestamp = engine_.wall();
  log.push_back(std::move(record));
  appended.ring();
}

void Broker::begin_anew() {
  cluster_ += "'";
  logs_.clear();
  for (auto& [name, group] : groups_) {
    group.next.clear();
    for (auto& [place, owner] : group.owners) ++owner.generation;
  }
  appended.ring();
}

std::vector<kafka::TopicPartition> Broker::places(const std::vector<std::string>& topics) const {
  std::vector<kafka::TopicPartition> all;
  for (const auto& topic : topics)
    for (std::int32_t i = 0; i < partitions_; ++i) all.push_back({topic, i});
  return all;
}

void Broker::give(const std::string& group_name, const kafka::TopicPartition& place, int member) {
  auto& owner = groups_[group_name].owners[place];
  owner = {member, owner.generation + 1};
  appended.ring();
}

bool Broker::commit(const std::string& group_name, const kafka::Record& last, int member, int generation) {
  auto& group = groups_[group_name];
  const kafka::TopicPartition place{last.topic, last.partition};
  const auto& owner = group.owners[place];
  if (owner.member != member || owner.generation != generation) return false;
  group.next[place] = last.offset + 1;
  return true;
}

}  // namespace evc::simulator
