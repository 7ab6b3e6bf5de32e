#include "kit/telemetry/batch_queue.hpp"

#include <algorithm>
#include <utility>

namespace evc::telemetry {

BatchQueue::BatchQueue(Options options, Send send)
    : options_(options), send_(std::move(send)), thread_([this] { run(); }) {}

BatchQueue::~BatchQueue() {
  stop(std::chrono::milliseconds(0));
  join();
}

void BatchQueue::push(std::string_view entry) {
  bool full_batch = false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || entries_ >= options_.limit) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (waiting_.empty() || waiting_.back().entries == options_.batch)
      waiting_.push_back({.bytes = std::exchange(spare_, {})});
    waiting_.back().bytes += entry;
    ++waiting_.back().entries;
    full_batch = ++entries_ == options_.batch;
  }
  if (full_batch) changed_.notify_all();
}

bool BatchQueue::stop(std::chrono::milliseconds limit) {
  Lock lock(mutex_);
  if (!stopping_) {
    stopping_ = true;
    stop_at_ = std::chrono::steady_clock::now() + limit;
    changed_.notify_all();
  }
  return changed_.wait_until(lock, stop_at_, [this] { return ended_; }) && !left_something_;
}

void BatchQueue::join() {
  if (thread_.joinable()) thread_.join();
}

void BatchQueue::run() {
  Lock lock(mutex_);
  while (true) {
    changed_.wait_for(lock, options_.delay, [this] { return stopping_ || entries_ >= options_.batch; });
    if (!waiting_.empty()) {
      Batch batch = std::move(waiting_.front());
      waiting_.pop_front();
      entries_ -= batch.entries;
      if (!deliver(lock, batch)) leave(batch.entries);
      batch.bytes.clear();
      spare_ = std::move(batch.bytes);
    }
    if (stopping_ && (waiting_.empty() || out_of_time())) break;
  }
  if (entries_ > 0) leave(entries_);
  waiting_.clear();
  entries_ = 0;
  ended_ = true;
  changed_.notify_all();
}

bool BatchQueue::deliver(Lock& lock, const Batch& batch) {
  auto pause = options_.first_retry;
  while (true) {
    lock.unlock();
    const Delivery outcome = send_(batch.bytes);
    lock.lock();
    if (outcome != Delivery::kAgain) return outcome == Delivery::kDone;
    if (stopping_ && out_of_time()) return false;
    // A stop does not end the pause: what could not be sent a moment ago gets its next chance a little later.
    const auto until = std::chrono::steady_clock::now() + pause;
    changed_.wait_until(lock, until, [this] { return stopping_; });
    if (stopping_) changed_.wait_until(lock, std::min(until, stop_at_), [] { return false; });
    pause = std::min(pause * 2, options_.last_retry);
  }
}

void BatchQueue::leave(std::size_t count) {
  left_something_ = true;
  dropped_.fetch_add(count, std::memory_order_relaxed);
}

}  // namespace evc::telemetry
