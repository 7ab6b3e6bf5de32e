#include "kit/messaging/key_queue.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

namespace evc::messaging {

void KeyQueue::add(Incoming incoming) {
  Key key{incoming.record.topic, incoming.record.key};
  auto& topic = topics_[key.first];
  // Who had nothing to do has saved nothing up.
  if (topic.size == 0 && topic.taken == 0) topic.given = std::max(topic.given, least_given());
  auto& row = rows_[key];
  if (!row.taken && row.events.empty()) topic.ready.push_back(std::move(key));
  row.events.push_back(std::move(incoming));
  ++topic.size;
}

std::uint64_t KeyQueue::least_given() const {
  std::optional<std::uint64_t> least;
  for (const auto& [name, topic] : topics_)
    if (topic.size > 0 || topic.taken > 0) least = std::min(least.value_or(topic.given), topic.given);
  return least.value_or(0);
}

std::optional<KeyQueue::Work> KeyQueue::take(std::size_t limit) {
  Topic* next = nullptr;
  for (auto& [name, topic] : topics_) {
    if (topic.ready.empty() || topic.taken >= lanes_per_topic_) continue;
    if (next == nullptr || topic.given < next->given) next = &topic;
  }
  if (next == nullptr) return std::nullopt;
  Work work{.key = std::move(next->ready.front())};
  next->ready.pop_front();
  auto& row = rows_[work.key];
  row.taken = true;
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, row.events.size()));
  std::move(row.events.begin(), row.events.begin() + count, std::back_inserter(work.events));
  row.events.erase(row.events.begin(), row.events.begin() + count);
  next->size -= work.events.size();
  next->given += work.events.size();
  ++next->taken;
  return work;
}

void KeyQueue::ended(const Key& key) {
  const auto row = rows_.find(key);
  if (row == rows_.end()) return;
  auto& topic = topics_[key.first];
  row->second.taken = false;
  --topic.taken;
  if (row->second.events.empty())
    rows_.erase(row);
  else
    topic.ready.push_back(key);
}

std::deque<Incoming> KeyQueue::withdraw(const Key& key) {
  const auto row = rows_.find(key);
  if (row == rows_.end()) return {};
  auto& topic = topics_[key.first];
  auto events = std::exchange(row->second.events, {});
  topic.size -= events.size();
  if (!row->second.taken) {
    std::erase(topic.ready, key);
    rows_.erase(row);
  }
  return events;
}

void KeyQueue::forget(const kafka::TopicPartition& partition) {
  auto& topic = topics_[partition.topic];
  for (auto row = rows_.begin(); row != rows_.end();) {
    auto& events = row->second.events;
    const bool waited = !events.empty();
    topic.size -= std::erase_if(events, [&](const Incoming& incoming) {
      return incoming.record.topic == partition.topic && incoming.record.partition == partition.partition;
    });
    if (row->second.taken || !events.empty()) {
      ++row;
      continue;
    }
    if (waited) std::erase(topic.ready, row->first);
    row = rows_.erase(row);
  }
}

std::size_t KeyQueue::size() const {
  return std::transform_reduce(topics_.begin(), topics_.end(), std::size_t{0}, std::plus<>{},
                               [](const auto& topic) { return topic.second.size; });
}

std::size_t KeyQueue::size_of(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second.size;
}

std::size_t KeyQueue::ready_keys() const {
  return std::transform_reduce(topics_.begin(), topics_.end(), std::size_t{0}, std::plus<>{}, [this](const auto& each) {
    const Topic& topic = each.second;
    return std::min(topic.ready.size(), lanes_per_topic_ - std::min(lanes_per_topic_, topic.taken));
  });
}

}  // namespace evc::messaging
