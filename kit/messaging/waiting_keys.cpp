#include "kit/messaging/waiting_keys.hpp"

#include <algorithm>

namespace evc::messaging {

std::deque<Incoming> WaitingKeys::take_due(SteadyTime now, std::size_t limit) {
  std::deque<Incoming> taken;
  for (auto& [id, key] : keys_) {
    if (key.events.empty() || key.due > now || taken.size() >= limit) continue;
    std::ranges::move(key.events, std::back_inserter(taken));
    key.events.clear();
  }
  return taken;
}

bool WaitingKeys::join(Incoming& incoming) {
  const auto found = keys_.find(id_of(incoming.record));
  // A key whose events were just taken has them in the batch already, before this one.
  if (found == keys_.end() || found->second.events.empty()) return false;
  found->second.events.push_back(std::move(incoming));
  return true;
}

Attempt WaitingKeys::attempt_of(const kafka::Record& record) const {
  const auto found = keys_.find(id_of(record));
  return found == keys_.end() ? Attempt{} : found->second.next;
}

void WaitingKeys::finished(const kafka::Record& record) {
  keys_.erase(id_of(record));
}

void WaitingKeys::retry_later(Incoming incoming, const Error& error, SteadyTime now, WallTime wall,
                              std::uint64_t random) {
  auto& key = keys_[id_of(incoming.record)];
  const auto tried = key.next.number;
  if (tried == 1) key.next.first_failed_at = wall;
  key.next.number = tried + 1;
  key.due = now + retry_pause(pauses_, tried, error.retry_after, random);
  key.events.push_front(std::move(incoming));
}

void WaitingKeys::stay_behind(Incoming incoming) {
  keys_[id_of(incoming.record)].events.push_back(std::move(incoming));
}

void WaitingKeys::forget(const kafka::TopicPartition& partition) {
  for (auto& [id, key] : keys_)
    std::erase_if(key.events, [&](const Incoming& incoming) {
      return incoming.record.topic == partition.topic && incoming.record.partition == partition.partition;
    });
  std::erase_if(keys_, [](const auto& each) { return each.second.events.empty(); });
}

std::chrono::milliseconds WaitingKeys::next_due(SteadyTime now, std::chrono::milliseconds longest) const {
  auto wait = longest;
  for (const auto& [id, key] : keys_) {
    if (key.events.empty()) continue;  // being tried
    const auto until = std::chrono::ceil<std::chrono::milliseconds>(key.due - now);
    wait = std::clamp(until, std::chrono::milliseconds(0), wait);
  }
  return wait;
}

}  // namespace evc::messaging
