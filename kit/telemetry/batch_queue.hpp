// A bounded queue of encoded entries with one thread that sends them, batch by batch. push() never blocks and never
// waits for the sender; what does not fit is dropped and counted. A batch that could not be sent is tried again with
// back-off, so that a Collector may restart; one that is refused is dropped and counted. Internal to kit/telemetry.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace evc::telemetry {

enum class Delivery { kDone, kAgain, kRefused };

class BatchQueue {
 public:
  using Send = std::function<Delivery(std::string_view)>;  // the entries of a batch, one after another
  struct Options {
    std::size_t limit = 8192;  // entries
    std::size_t batch = 512;
    std::chrono::milliseconds delay{500};  // how long an entry waits for others
    std::chrono::milliseconds first_retry{250};
    std::chrono::milliseconds last_retry{5'000};
  };

  BatchQueue(Options options, Send send);
  ~BatchQueue();

  void push(std::string_view entry);
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  // Sends what is left, for at most `limit`; false when something had to be left or a send still runs.
  bool stop(std::chrono::milliseconds limit);
  void join();

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Batch {
    std::string bytes;
    std::size_t entries = 0;
  };

  void run();
  bool deliver(Lock& lock, const Batch& batch);
  bool out_of_time() const { return std::chrono::steady_clock::now() >= stop_at_; }
  void leave(std::size_t count);

  Options options_;
  Send send_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> waiting_;  // only the last may have room
  std::string spare_;          // the memory of the batch before
  std::size_t entries_ = 0;    // of all that wait
  std::atomic<std::uint64_t> dropped_{0};
  std::chrono::steady_clock::time_point stop_at_;
  bool stopping_ = false;
  bool ended_ = false;
  bool left_something_ = false;
  std::thread thread_;
};

}  // namespace evc::telemetry
