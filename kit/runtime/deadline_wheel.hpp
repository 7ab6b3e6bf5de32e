// One coarse timer per worker for all its deadlines (10 ms ticks), because racing every operation with a timer of its
// own costs 4–7 µs. No timer runs while nothing is armed. arm() is O(1); an expired entry runs its callback once on the
// worker; destroying the handle disarms it. Limit: 1,000,000 armed entries.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "kit/base/clock.hpp"

namespace evc {

class DeadlineWheel {
 public:
  struct Entry;
  // Move-only; disarms on destruction.
  class Handle {
   public:
    Handle() = default;
    explicit Handle(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    Handle(Handle&&) noexcept = default;
    Handle& operator=(Handle&& other) noexcept;
    ~Handle() { disarm(); }
    void disarm();
    bool armed() const;

   private:
    std::shared_ptr<Entry> entry_;
  };

  explicit DeadlineWheel(boost::asio::io_context& io);
  ~DeadlineWheel();

  // `on_expire` runs at most once, not before `when` and at most one tick (10 ms) and the loop's delay after it.
  Handle arm(SteadyTime when, std::function<void()> on_expire);
  std::size_t armed() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc
