#include "kit/redis/hang_news.hpp"

namespace evc::redis {

std::uint64_t HangNews::join(Worker& worker, Told told) {
  const std::lock_guard lock(mutex_);
  members_.emplace(++last_member_, Member{.worker = &worker, .told = std::move(told)});
  return last_member_;
}

void HangNews::leave(std::uint64_t member) {
  const std::lock_guard lock(mutex_);
  members_.erase(member);
}

void HangNews::tell(SteadyTime noticed) {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, member] : members_) member.worker->post([told = member.told, noticed] { told(noticed); });
}

}  // namespace evc::redis
