#include "kit/messaging/relay_metrics.hpp"

namespace evc::messaging {

RelayMetrics::RelayMetrics(const std::string& slot)
    : labels_{{"slot", slot}},
      restarts_(telemetry::metrics().counter("outbox_relay_restarts_total",
                                             "Times the relay began again from its confirmed position", labels_)),
      rejected_(telemetry::metrics().counter("outbox_relay_rejected_total", "Records that the broker will never take",
                                             labels_)),
      slots_lost_(telemetry::metrics().counter("outbox_relay_slots_lost_total",
                                               "Replication slots that were gone, or kept more WAL than they may",
                                               labels_)),
      emitted_again_(telemetry::metrics().counter("outbox_relay_emitted_again_total",
                                                  "Rows that were sent from the outbox itself: the slot or the brokers "
                                                  "were new",
                                                  labels_)),
      parked_(
          telemetry::metrics().gauge("outbox_relay_parked_keys", "Keys that wait behind a rejected record", labels_)),
      retained_(
          telemetry::metrics().gauge("outbox_relay_slot_wal_bytes", "WAL that the replication slot keeps", labels_)),
      safe_(telemetry::metrics().gauge("outbox_relay_slot_safe_bytes",
                                       "WAL that the slot may still keep before it is lost; -1: no limit", labels_)),
      following_(telemetry::metrics().gauge("outbox_relay_following",
                                            "1 while this process holds the slot and follows it", labels_)) {
  telemetry::metrics().gauge_callback("outbox_relay_lag_seconds",
                                      "Age of the oldest committed row that is not delivered yet", labels_,
                                      [oldest = oldest_waiting_us_] {
                                        const auto since = oldest->load();
                                        if (since == 0) return 0.0;
                                        const auto now = system_clock().wall().time_since_epoch().count();
                                        return static_cast<double>(now - since) / 1e6;
                                      });
}

void RelayMetrics::sent(const std::string& topic, std::size_t records) {
  telemetry::metrics()
      .counter("outbox_relay_records_total", "Records delivered to the broker", {{"topic", topic}})
      .add(static_cast<double>(records));
}

void RelayMetrics::carried_to(const std::string& cluster) {
  const auto mark = [this](double value) {
    auto labels = labels_;
    labels.emplace_back("cluster", cluster_);
    telemetry::metrics()
        .gauge("outbox_relay_cluster", "1 for the brokers that hold what this outbox has", labels)
        .set(value);
  };
  if (cluster == cluster_) return;
  if (!cluster_.empty()) mark(0);
  cluster_ = cluster;
  mark(1);
}

void RelayMetrics::slot(std::int64_t retained_bytes, std::int64_t safe_bytes) {
  retained_.set(static_cast<double>(retained_bytes));
  safe_.set(static_cast<double>(safe_bytes));
}

void RelayMetrics::waiting_since(WallTime since) {
  if (oldest_waiting_us_->load() == 0) oldest_waiting_us_->store(since.time_since_epoch().count());
}

}  // namespace evc::messaging
