// A bounded queue with one thread that sends what is in it, batch by batch. push() never blocks and never waits for the
// sender; what does not fit is dropped and counted. A batch that could not be sent is tried again with back-off, so
// that a Collector may restart. Internal to kit/telemetry.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace evc::telemetry {

template <class T>
class BatchQueue {
 public:
  using Send = std::function<bool(const std::vector<T>&)>;
  struct Options {
    std::size_t limit = 8192;
    std::size_t batch = 512;
    std::chrono::milliseconds delay{500};  // how long an entry waits for others
    std::chrono::milliseconds first_retry{250};
    std::chrono::milliseconds last_retry{5'000};
  };

  BatchQueue(Options options, Send send) : options_(options), send_(std::move(send)), thread_([this] { run(); }) {}
  ~BatchQueue() {
    stop(std::chrono::milliseconds(0));
    join();
  }

  void push(T entry) {
    bool full_batch = false;
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_ || waiting_.size() >= options_.limit) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      waiting_.push_back(std::move(entry));
      full_batch = waiting_.size() == options_.batch;
    }
    if (full_batch) changed_.notify_all();
  }

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  // Sends what is left, for at most `limit`; false when something had to be left or a send still runs.
  bool stop(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      stop_at_ = std::chrono::steady_clock::now() + limit;
      changed_.notify_all();
    }
    return changed_.wait_until(lock, stop_at_, [this] { return ended_; }) && !left_something_;
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void run() {
    Lock lock(mutex_);
    while (true) {
      changed_.wait_for(lock, options_.delay, [this] { return stopping_ || waiting_.size() >= options_.batch; });
      if (!waiting_.empty()) {
        const std::size_t count = std::min(waiting_.size(), options_.batch);
        std::vector<T> batch(std::make_move_iterator(waiting_.begin()),
                             std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(count)));
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
        if (!deliver(lock, batch)) leave(batch.size());
      }
      if (stopping_ && (waiting_.empty() || out_of_time())) break;
    }
    if (!waiting_.empty()) leave(waiting_.size());
    waiting_.clear();
    ended_ = true;
    changed_.notify_all();
  }

  bool deliver(Lock& lock, const std::vector<T>& batch) {
    auto pause = options_.first_retry;
    while (true) {
      lock.unlock();
      const bool sent = send_(batch);
      lock.lock();
      if (sent) return true;
      if (stopping_ && out_of_time()) return false;
      // A stop does not end the pause: what could not be sent a moment ago gets its next chance a little later.
      const auto until = std::chrono::steady_clock::now() + pause;
      changed_.wait_until(lock, until, [this] { return stopping_; });
      if (stopping_) changed_.wait_until(lock, std::min(until, stop_at_), [] { return false; });
      pause = std::min(pause * 2, options_.last_retry);
    }
  }

  bool out_of_time() const { return std::chrono::steady_clock::now() >= stop_at_; }

  void leave(std::size_t count) {
    left_something_ = true;
    dropped_.fetch_add(count, std::memory_order_relaxed);
  }

  Options options_;
  Send send_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> waiting_;
  std::atomic<std::uint64_t> dropped_{0};
  std::chrono::steady_clock::time_point stop_at_;
  bool stopping_ = false;
  bool ended_ = false;
  bool left_something_ = false;
  std::thread thread_;
};

}  // namespace evc::telemetry
