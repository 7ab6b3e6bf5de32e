// What the relay shows of itself. Written on its worker, read by the admin thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "kit/base/clock.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::messaging {

class RelayMetrics {
 public:
  explicit RelayMetrics(const std::string& slot);

  void sent(const std::string& topic, std::size_t records);
  void failed() { restarts_.add(); }
  void rejected() { rejected_.add(); }
  void slot_lost() { slots_lost_.add(); }
  void emitted_again(std::size_t records) { emitted_again_.add(static_cast<double>(records)); }
  // Everything that the outbox had when this relay came to these brokers is in their topics.
  void carried_to(const std::string& cluster);
  void parked_keys(std::size_t count) { parked_.set(static_cast<double>(count)); }
  void slot(std::int64_t retained_bytes, std::int64_t safe_bytes);
  enum class Role { kFollowing, kStandby, kDown };
  void role(Role role) { following_.set(role == Role::kFollowing ? 1 : 0); }
  // From now on rows committed at `since` are waiting; until all_delivered().
  void waiting_since(WallTime since);
  void all_delivered() { oldest_waiting_us_->store(0); }

 private:
  telemetry::Labels labels_;
  std::string cluster_;
  telemetry::Counter restarts_, rejected_, slots_lost_, emitted_again_;
  telemetry::Gauge parked_, retained_, safe_, following_;
  std::shared_ptr<std::atomic<std::int64_t>> oldest_waiting_us_ = std::make_shared<std::atomic<std::int64_t>>(0);
};

}  // namespace evc::messaging
