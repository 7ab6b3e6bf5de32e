#include "kit/messaging/key_queue.hpp"

#include <algorithm>
#include <iterator>

namespace evc::messaging {

void KeyQueue::add(Incoming incoming) {
  Key key{incoming.record.topic, incoming.record.key};
  auto& row = rows_[key];
  if (!row.taken && row.events.empty()) ready_.push_back(std::move(key));
  row.events.push_back(std::move(incoming));
  ++size_;
}

std::optional<KeyQueue::Work> KeyQueue::take(std::size_t limit) {
  if (ready_.empty()) return std::nullopt;
  Work work{.key = std::move(ready_.front())};
  ready_.pop_front();
  auto& row = rows_[work.key];
  row.taken = true;
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, row.events.size()));
  std::move(row.events.begin(), row.events.begin() + count, std::back_inserter(work.events));
  row.events.erase(row.events.begin(), row.events.begin() + count);
  size_ -= work.events.size();
  return work;
}

void KeyQueue::ended(const Key& key) {
  const auto row = rows_.find(key);
  if (row == rows_.end()) return;
  row->second.taken = false;
  if (row->second.events.empty())
    rows_.erase(row);
  else
    ready_.push_back(key);
}

std::deque<Incoming> KeyQueue::withdraw(const Key& key) {
  const auto row = rows_.find(key);
  if (row == rows_.end()) return {};
  auto events = std::exchange(row->second.events, {});
  size_ -= events.size();
  if (!row->second.taken) {
    std::erase(ready_, key);
    rows_.erase(row);
  }
  return events;
}

void KeyQueue::forget(const kafka::TopicPartition& partition) {
  for (auto row = rows_.begin(); row != rows_.end();) {
    auto& events = row->second.events;
    const bool waited = !events.empty();
    size_ -= std::erase_if(events, [&](const Incoming& incoming) {
      return incoming.record.topic == partition.topic && incoming.record.partition == partition.partition;
    });
    if (row->second.taken || !events.empty()) {
      ++row;
      continue;
    }
    if (waited) std::erase(ready_, row->first);
    row = rows_.erase(row);
  }
}

}  // namespace evc::messaging
