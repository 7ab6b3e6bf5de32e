#include "kit/messaging/inbox_metrics.hpp"

#include <algorithm>

namespace evc::messaging {

void InboxMetrics::count(const std::string& topic, const std::string& outcome) {
  telemetry::metrics()
      .counter("inbox_events_total", "Events by what became of them",
               {{"group", group_}, {"topic", topic}, {"outcome", outcome}})
      .add();
}

void InboxMetrics::effect(const std::string& topic, WallTime committed_at, const telemetry::TraceContext& trace) {
  static const std::vector<double> kBounds{0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300};
  const auto delay = std::chrono::duration<double>(system_clock().wall() - committed_at).count();
  telemetry::metrics()
      .histogram("inbox_effect_delay_seconds", "From the producer's transaction to the effect",
                 {{"group", group_}, {"topic", topic}}, kBounds)
      .observe(std::max(0.0, delay), &trace);
}

void InboxMetrics::handler_stopped(const std::string& topic) {
  telemetry::metrics()
      .counter("inbox_handlers_stopped_total", "Handlers that did not end in time and were told to stop",
               {{"group", group_}, {"topic", topic}})
      .add();
}

void InboxMetrics::gap_event(const std::string& topic, const std::string& outcome) {
  telemetry::metrics()
      .counter("inbox_gap_events_total", "Missing events, by what the producer's outbox said about them",
               {{"group", group_}, {"topic", topic}, {"outcome", outcome}})
      .add();
}

void InboxMetrics::lost_keys(std::size_t count) {
  telemetry::metrics()
      .gauge("inbox_lost_keys", "Keys that wait for an event which its producer no longer holds", {{"group", group_}})
      .set(static_cast<double>(count));
}

void InboxMetrics::standing(std::int64_t lag, std::size_t waiting_keys, std::size_t gap_keys,
                            const InboxCounts& counts) {
  const telemetry::Labels labels{{"group", group_}};
  auto& registry = telemetry::metrics();
  registry.gauge("inbox_lag_records", "Records between the group's commits and the end; -1: not known", labels)
      .set(static_cast<double>(lag));
  registry.gauge("inbox_retrying_keys", "Keys that wait for the next try of their first event", labels)
      .set(static_cast<double>(waiting_keys));
  registry.gauge("inbox_gap_keys", "Keys that wait for a missing sequence", labels).set(static_cast<double>(gap_keys));
  registry.gauge("inbox_parked_events", "Events that wait in the database", labels)
      .set(static_cast<double>(counts.parked_events));
  registry.gauge("inbox_dead_letters", "Dead letters that nobody has decided about", labels)
      .set(static_cast<double>(counts.dead_letters));
  registry.gauge("inbox_parked_subjects", "Subjects that stand still behind a dead letter", labels)
      .set(static_cast<double>(counts.parked_subjects));
}

}  // namespace evc::messaging
