#include "simulators/charge_point/domain/charge_point.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace evc::charge_point {

using std::chrono::milliseconds;

namespace {

// Start and stop are never given up: they are the bill. Meter values are, when the queue is long.
constexpr std::size_t kMeterQueueLimit = 500;
constexpr std::int64_t kUnknownTransaction = -1;

// A fixed mixing function instead of a generator's state: the n-th car of a connector is the same in every run.
double fraction_of(std::uint64_t seed, std::uint64_t connector, std::uint64_t number) {
  std::uint64_t x = seed + connector * 0x9E3779B97F4A7C15ULL + number * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  x ^= x >> 31U;
  return static_cast<double>(x >> 11U) * 0x1.0p-53;
}

bool is_due(const std::optional<SteadyTime>& when, SteadyTime now) {
  return when && *when <= now;
}

}  // namespace

ChargePoint::ChargePoint(StationPlan plan, const Behaviour& behaviour, const Clock& clock)
    : plan_(std::move(plan)),
      behaviour_(&behaviour),
      clock_(&clock),
      calls_({.timeout = behaviour.call_timeout, .waiting_limit = 64}),
      meter_interval_(behaviour.meter_interval) {
  for (const auto& connector : plan_.connectors) {
    // A meter that has already counted for years: 1–10 MWh.
    const double register_wh = 1e6 + 9e6 * fraction_of(plan_.seed, static_cast<std::uint64_t>(connector.id), 0);
    connectors_.push_back({.plan = connector, .register_wh = register_wh});
  }
}

std::vector<std::string> ChargePoint::take_output() {
  return std::exchange(output_, {});
}

bool ChargePoint::wants_connection() const {
  return !offline_until_;
}

StationView ChargePoint::view() const {
  StationView view = counts_;
  view.online = online_;
  view.accepted = booted_;
  view.queued = queue_.size();
  return view;
}

Connector* ChargePoint::find(std::int64_t id) {
  const auto found = std::ranges::find(connectors_, id, [](const Connector& connector) { return connector.plan.id; });
  return found == connectors_.end() ? nullptr : &*found;
}

// --- the connection

void ChargePoint::on_open() {
  online_ = true;
  if (!booted_) {
    say_boot();
  } else {
    // A reconnect without a boot: the platform asks for what it wants to know.
    heartbeat_at_ = clock_->steady() + heartbeat_interval_;
  }
  pump();
}

void ChargePoint::on_close() {
  online_ = false;
  front_sent_ = false;
  static_cast<void>(calls_.lose());
  heartbeat_at_.reset();
  boot_at_.reset();
  output_.clear();
}

void ChargePoint::on_text(std::string_view text) {
  auto frame = evc::ocpp::parse_frame(text);
  if (auto* call = std::get_if<evc::ocpp::Call>(&frame)) {
    answer(*call);
  } else if (auto* result = std::get_if<evc::ocpp::CallResult>(&frame)) {
    if (auto settled = calls_.on_result(std::move(*result))) on_settled(std::move(*settled));
  } else if (auto* error = std::get_if<evc::ocpp::CallError>(&frame)) {
    if (auto settled = calls_.on_error(std::move(*error))) on_settled(std::move(*settled));
  }
  pump();
}

void ChargePoint::tick() {
  const auto now = clock_->steady();
  if (is_due(offline_until_, now)) offline_until_.reset();
  if (auto settled = calls_.expire(now)) on_settled(std::move(*settled));
  if (is_due(boot_at_, now)) say_boot();
  if (is_due(heartbeat_at_, now)) {
    heartbeat_at_ = now + heartbeat_interval_;
    say(Kind::kHeartbeat, "Heartbeat", {});
  }
  if (is_due(retry_at_, now)) retry_at_.reset();
  for (auto& connector : connectors_) {
    if (is_due(connector.next_step, now)) step(connector);
  }
  pump();
}

std::optional<SteadyTime> ChargePoint::next_due() const {
  std::optional<SteadyTime> next;
  const auto consider = [&next](const std::optional<SteadyTime>& when) {
    if (when && (!next || *when < *next)) next = when;
  };
  consider(offline_until_);
  consider(calls_.next_deadline());
  consider(boot_at_);
  consider(heartbeat_at_);
  consider(retry_at_);
  for (const auto& connector : connectors_) consider(connector.next_step);
  return next;
}

// --- faults

void ChargePoint::go_offline(milliseconds duration) {
  offline_until_ = clock_->steady() + duration;
}

void ChargePoint::reboot(std::string_view reason) {
  constexpr milliseconds kBootTime{2'000};
  for (auto& connector : connectors_) {
    if (connector.transaction) queue_stop(connector, reason);
    connector.expected_tag.clear();
    connector.car.reset();
    connector.next_step.reset();
    if (connector.status != ConnectorStatus::kFaulted) {
      connector.status = connector.inoperative == Connector::Inoperative::kNo ? ConnectorStatus::kAvailable
                                                                              : ConnectorStatus::kUnavailable;
    }
  }
  booted_ = false;
  go_offline(kBootTime);
}

bool ChargePoint::expect_large_battery(std::int64_t connector_id, double batteries) {
  auto* connector = find(connector_id);
  if (connector != nullptr) connector->next_batteries = batteries;
  return connector != nullptr;
}

bool ChargePoint::set_fault(std::int64_t connector_id, std::string_view error_code) {
  auto* connector = find(connector_id);
  if (connector == nullptr) return false;
  if (!error_code.empty()) {
    advance(*connector);
    if (connector->transaction) queue_stop(*connector, "Other");
    connector->car.reset();
    connector->next_step.reset();
    connector->error_code = std::string(error_code);
    set_status(*connector, ConnectorStatus::kFaulted);
  } else if (connector->status == ConnectorStatus::kFaulted) {
    connector->error_code = "NoError";
    set_status(*connector, ConnectorStatus::kAvailable);
  }
  pump();
  return true;
}

// --- the connectors

void ChargePoint::set_status(Connector& connector, ConnectorStatus status) {
  if (connector.status == status) return;
  connector.status = status;
  say_status(connector);
}

void ChargePoint::step(Connector& connector) {
  connector.next_step.reset();
  switch (connector.status) {
    case ConnectorStatus::kAvailable:
      return plug_in(connector);
    case ConnectorStatus::kPreparing:
      return queue_start(connector);
    case ConnectorStatus::kCharging:
      return meter(connector);
    case ConnectorStatus::kFinishing:
      return unplug(connector);
    case ConnectorStatus::kUnavailable:
    case ConnectorStatus::kFaulted:
      return;
  }
}

// Cars come with 15–40 % in the battery.
void ChargePoint::plug_in(Connector& connector) {
  ++connector.charges;
  const double soc =
      0.15 + 0.25 * fraction_of(plan_.seed, static_cast<std::uint64_t>(connector.plan.id), connector.charges);
  connector.car.emplace(connector.plan.curve, soc, behaviour_->target_soc, std::exchange(connector.next_batteries, 1));
  set_status(connector, ConnectorStatus::kPreparing);
  connector.next_step = clock_->steady() + behaviour_->plug_in_delay;
}

void ChargePoint::advance(Connector& connector) {
  if (!connector.car || connector.status != ConnectorStatus::kCharging) return;
  const auto now = clock_->steady();
  const double seconds = std::chrono::duration<double>(now - connector.metered_at).count();
  connector.metered_at = now;
  connector.register_wh += connector.car->advance(seconds * behaviour_->time_factor);
}

void ChargePoint::meter(Connector& connector) {
  advance(connector);
  if (connector.car && connector.car->is_satisfied()) {
    queue_stop(connector, "Local");
    return;
  }
  queue_meter_values(connector, "Sample.Periodic");
  connector.next_step = clock_->steady() + meter_interval_;
}

void ChargePoint::unplug(Connector& connector) {
  connector.car.reset();
  if (connector.inoperative == Connector::Inoperative::kAfterTransaction)
    connector.inoperative = Connector::Inoperative::kYes;
  set_status(connector, connector.inoperative == Connector::Inoperative::kNo ? ConnectorStatus::kAvailable
                                                                             : ConnectorStatus::kUnavailable);
}

// --- what it says

std::string ChargePoint::next_message_id() {
  return fmt::format("{:x}", ++next_id_);
}

bool ChargePoint::say(Kind kind, std::string action, json::Object payload) {
  if (!online_) return false;
  const auto token = static_cast<std::uint64_t>(kind);
  return calls_.push(token, {.id = next_message_id(), .action = std::move(action), .payload = std::move(payload)})
      .has_value();
}

void ChargePoint::say_boot() {
  boot_at_.reset();
  say(Kind::kBoot, "BootNotification",
      {{"chargePointVendor", "EV-Costa"},
       {"chargePointModel", plan_.model},
       {"chargePointSerialNumber", plan_.station_id.substr(0, 25)},
       {"firmwareVersion", "1.0.0"}});
}

void ChargePoint::say_status(const Connector& connector) {
  if (!booted_) return;
  say(Kind::kStatus, "StatusNotification",
      {{"connectorId", connector.plan.id},
       {"errorCode", connector.error_code},
       {"status", text_of(connector.status)},
       {"timestamp", format_rfc3339(clock_->wall())}});
}

void ChargePoint::say_station_status() {
  say(Kind::kStatus, "StatusNotification",
      {{"connectorId", 0},
       {"errorCode", "NoError"},
       {"status", "Available"},
       {"timestamp", format_rfc3339(clock_->wall())}});
}

json::Array ChargePoint::sampled_values(const Connector& connector, std::string_view context) const {
  json::Array values{json::Object{{"value", std::to_string(connector.meter_wh())},
                                  {"context", context},
                                  {"measurand", "Energy.Active.Import.Register"},
                                  {"location", "Outlet"},
                                  {"unit", "Wh"}}};
  values.push_back(json::Object{{"value", fmt::format("{:.0f}", connector.power_w())},
                                {"context", context},
                                {"measurand", "Power.Active.Import"},
                                {"unit", "W"}});
  if (connector.car) {
    values.push_back(json::Object{{"value", fmt::format("{:.1f}", connector.car->soc() * 100)},
                                  {"context", context},
                                  {"measurand", "SoC"},
                                  {"location", "EV"},
                                  {"unit", "Percent"}});
  }
  return values;
}

void ChargePoint::queue_start(Connector& connector) {
  connector.transaction = std::make_shared<StationTransaction>(
      StationTransaction{.id_tag = std::exchange(connector.expected_tag, {}), .meter_start_wh = connector.meter_wh()});
  ++counts_.transactions_started;
  queue_.push_back({.action = "StartTransaction",
                    .payload = {{"connectorId", connector.plan.id},
                                {"idTag", connector.transaction->id_tag},
                                {"meterStart", connector.transaction->meter_start_wh},
                                {"timestamp", format_rfc3339(clock_->wall())}},
                    .transaction = connector.transaction});
  connector.metered_at = clock_->steady();
  set_status(connector, ConnectorStatus::kCharging);
  connector.next_step = clock_->steady() + meter_interval_;
}

void ChargePoint::queue_meter_values(const Connector& connector, std::string_view context) {
  if (!connector.transaction || queue_.size() >= kMeterQueueLimit) return;
  json::Object value{{"timestamp", format_rfc3339(clock_->wall())},
                     {"sampledValue", sampled_values(connector, context)}};
  queue_.push_back({.action = "MeterValues",
                    .payload = {{"connectorId", connector.plan.id}, {"meterValue", json::Array{std::move(value)}}},
                    .transaction = connector.transaction});
}

void ChargePoint::queue_stop(Connector& connector, std::string_view reason) {
  advance(connector);
  ++counts_.transactions_stopped;
  json::Object end{{"timestamp", format_rfc3339(clock_->wall())},
                   {"sampledValue", sampled_values(connector, "Transaction.End")}};
  queue_.push_back({.action = "StopTransaction",
                    .payload = {{"idTag", connector.transaction->id_tag},
                                {"meterStop", connector.meter_wh()},
                                {"timestamp", format_rfc3339(clock_->wall())},
                                {"reason", reason},
                                {"transactionData", json::Array{std::move(end)}}},
                    .transaction = std::exchange(connector.transaction, nullptr)});
  set_status(connector, ConnectorStatus::kFinishing);
  connector.next_step = clock_->steady() + behaviour_->unplug_delay;
}

// The oldest transaction message, one at a time; the others of its kind wait for its answer.
void ChargePoint::send_front() {
  if (!online_ || !booted_ || front_sent_ || queue_.empty() || retry_at_) return;
  auto payload = queue_.front().payload;
  if (queue_.front().action != "StartTransaction")
    payload["transactionId"] = queue_.front().transaction->id.value_or(kUnknownTransaction);
  front_sent_ = say(Kind::kTransaction, queue_.front().action, std::move(payload));
  if (front_sent_) ++queue_.front().attempts;
}

void ChargePoint::pump() {
  send_front();
  if (!online_) return;
  while (auto call = calls_.take(clock_->steady())) output_.push_back(serialize(*call));
}

}  // namespace evc::charge_point
