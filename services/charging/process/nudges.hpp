// Wakes the coroutines of this worker that wait for a change of something named. A nudge is a hint: whoever waits reads
// the database and also wakes by time.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "kit/runtime/worker.hpp"

namespace evc::charging {

// The name under which station changes are nudged; sessions are nudged by their id.
inline constexpr const char* kStationsNudge = "stations";

class Nudges {
 public:
  explicit Nudges(Worker& worker) : worker_(worker) {}

  void wake(const std::string& name) {
    if (const auto turns = turns_.find(name); turns != turns_.end()) ++turns->second;
    const auto range = waiting_.equal_range(name);
    for (auto entry = range.first; entry != range.second; ++entry) entry->second->cancel();
  }

  // Until somebody wakes `name`, or `limit` has passed, or the wait is cancelled.
  Task<> wait(std::string name, std::chrono::milliseconds limit) {
    const auto timer = std::make_shared<Timer>(worker_.io(), limit);
    const auto entry = waiting_.emplace(std::move(name), timer);
    co_await timer->async_wait(boost::asio::as_tuple(use_task));
    waiting_.erase(entry);
  }

  // How often `name` was woken since this was first asked: whoever is busy between two waits sees that it missed one.
  // Kept for good, so for names that live as long as the process.
  std::uint64_t turns(const std::string& name) { return turns_[name]; }

  std::size_t waiting() const { return waiting_.size(); }

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
  Worker& worker_;
  std::multimap<std::string, std::shared_ptr<Timer>> waiting_;
  std::map<std::string, std::uint64_t> turns_;
};

}  // namespace evc::charging
