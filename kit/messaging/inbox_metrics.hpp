// What a consumer shows of itself, labelled by its group.
#pragma once

#include <cstdint>
#include <string>

#include "kit/base/clock.hpp"
#include "kit/messaging/inbox_store.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::messaging {

class InboxMetrics {
 public:
  explicit InboxMetrics(std::string group) : group_(std::move(group)) {}

  // outcome: applied, duplicate, old, parked, dead, discarded, retry.
  void count(const std::string& topic, const std::string& outcome);
  // A handler took longer than it may.
  void handler_stopped(const std::string& topic);
  // outcome: fetched or discarded, as the producer's outbox says; lost, when it no longer holds it; failed, when it
  // could not be asked.
  void gap_event(const std::string& topic, const std::string& outcome);
  void lost_keys(std::size_t count);
  // From the producer's commit (the record's time) to the effect.
  void effect(const std::string& topic, WallTime committed_at, const telemetry::TraceContext& trace);
  void standing(std::int64_t lag, std::size_t waiting_keys, std::size_t gap_keys, const InboxCounts& counts);

 private:
  std::string group_;
};

}  // namespace evc::messaging
