// A simulated charge point that speaks OCPP 1.6 as a machine without I/O: the link feeds it what happens (open, text,
// close, time) and sends what it says. Remote starts plug a car in, the car charges along its curve in accelerated
// time, and the station behaves as real ones do: transaction messages are queued while it is offline and delivered in
// order with their old timestamps, unanswered ones are repeated with a new message id, a reconnect has no
// BootNotification. Faults can be asked for. One per station, on its worker; about 2 KB.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/ocpp/call_queue.hpp"
#include "simulators/charge_point/domain/connector.hpp"

namespace evc::charge_point {

struct Behaviour {
  double time_factor = 80;  // simulated seconds per second; timestamps stay real
  std::chrono::milliseconds meter_interval{1'000};
  std::chrono::milliseconds plug_in_delay{300};
  std::chrono::milliseconds unplug_delay{1'500};
  std::chrono::milliseconds call_timeout{30'000};
  std::chrono::milliseconds retry_interval{2'000};
  double target_soc = 0.8;  // the car stops there by itself
};

struct StationPlan {
  std::string station_id;
  std::string model = "Sim-60";
  std::vector<ConnectorPlan> connectors;
  std::uint64_t seed = 0;
};

// For the control port and for tests.
struct StationView {
  bool online = false;
  bool accepted = false;  // the platform accepted the boot
  std::size_t queued = 0;
  std::uint64_t transactions_started = 0;
  std::uint64_t transactions_stopped = 0;
  std::uint64_t changed_ids = 0;  // a repeated start got another transaction id: must stay 0
};

class ChargePoint {
 public:
  ChargePoint(StationPlan plan, const Behaviour& behaviour, const Clock& clock);

  void on_open();
  void on_text(std::string_view text);
  void on_close();
  // Does what is due.
  void tick();
  std::optional<SteadyTime> next_due() const;
  std::vector<std::string> take_output();
  // False while it plays dead: the link must be closed, and opened again when this turns true.
  bool wants_connection() const;

  // Faults.
  void go_offline(std::chrono::milliseconds duration);
  void reboot(std::string_view reason = "Reboot");
  void repeat_next_start() { repeat_start_ = true; }
  void repeat_next_stop() { repeat_stop_ = true; }
  void reject_next_start() { reject_start_ = true; }
  // The next car there has a battery so many times as large. False: no such connector.
  bool expect_large_battery(std::int64_t connector_id, double batteries);
  bool set_fault(std::int64_t connector_id, std::string_view error_code);  // empty: repaired; false: no such connector

  StationView view() const;
  const StationPlan& plan() const { return plan_; }
  const std::vector<Connector>& connectors() const { return connectors_; }

 private:
  enum class Kind : std::uint8_t { kBoot, kHeartbeat, kStatus, kTransaction };
  struct QueuedMessage {
    std::string action;
    json::Object payload;
    std::shared_ptr<StationTransaction> transaction;
    int attempts = 0;
  };

  // What it says.
  // False when it is offline or too much waits already.
  bool say(Kind kind, std::string action, json::Object payload);
  void say_boot();
  void say_status(const Connector& connector);
  void say_station_status();
  void queue_start(Connector& connector);
  void queue_meter_values(const Connector& connector, std::string_view context);
  void queue_stop(Connector& connector, std::string_view reason);
  void pump();
  void send_front();
  std::string next_message_id();
  json::Array sampled_values(const Connector& connector, std::string_view context) const;

  // What it hears.
  void on_settled(evc::ocpp::Settled settled);
  void on_boot_answer(const json::Object& payload);
  void on_transaction_answer(const evc::ocpp::Settled& settled);
  void on_start_answer(const QueuedMessage& message, const json::Object& payload);
  void answer(const evc::ocpp::Call& call);
  json::Object remote_start(const json::Object& payload);
  json::Object remote_stop(const json::Object& payload);
  json::Object change_availability(const json::Object& payload);
  json::Object reset(const json::Object& payload);
  json::Object unlock(const json::Object& payload);
  json::Object trigger(const json::Object& payload);
  json::Object configuration(const json::Object& payload) const;
  json::Object change_configuration(const json::Object& payload);

  // What happens at the connectors.
  void step(Connector& connector);
  void plug_in(Connector& connector);
  void meter(Connector& connector);
  void unplug(Connector& connector);
  void advance(Connector& connector);
  void set_status(Connector& connector, ConnectorStatus status);
  Connector* find(std::int64_t id);

  StationPlan plan_;
  const Behaviour* behaviour_;
  const Clock* clock_;
  std::vector<Connector> connectors_;
  evc::ocpp::CallQueue calls_;
  std::deque<QueuedMessage> queue_;
  std::vector<std::string> output_;
  std::uint64_t next_id_ = 0;
  bool online_ = false;
  bool booted_ = false;  // the platform accepted the boot since the last power-up
  bool front_sent_ = false;
  bool repeat_start_ = false;
  bool repeat_stop_ = false;
  bool reject_start_ = false;
  std::chrono::milliseconds heartbeat_interval_{60'000};
  std::chrono::milliseconds meter_interval_;
  std::optional<SteadyTime> heartbeat_at_;
  std::optional<SteadyTime> boot_at_;
  std::optional<SteadyTime> retry_at_;
  std::optional<SteadyTime> offline_until_;
  StationView counts_;
};

}  // namespace evc::charge_point
