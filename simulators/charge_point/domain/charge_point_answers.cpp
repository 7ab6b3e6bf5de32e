// What a charge point makes of the platform's messages: the second half of ChargePoint.
#include <algorithm>
#include <charconv>
#include <utility>

#include "simulators/charge_point/domain/charge_point.hpp"

namespace evc::charge_point {

using evc::ocpp::ErrorCode;
using evc::ocpp::Settled;
using std::chrono::milliseconds;

namespace {

// A transaction message that is refused this often is given up (OCPP 1.6 §3.7.1, TransactionMessageAttempts).
constexpr int kAttemptLimit = 5;

json::Object status(std::string_view text) {
  return {{"status", text}};
}

std::string text_member(const json::Object& payload, std::string_view name) {
  const auto* value = payload.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string{};
}

std::int64_t number_member(const json::Object& payload, std::string_view name, std::int64_t otherwise) {
  const auto* value = payload.if_contains(name);
  return value != nullptr && value->is_int64() ? value->as_int64() : otherwise;
}

}  // namespace

// --- answers to what it said

void ChargePoint::on_settled(Settled settled) {
  switch (static_cast<Kind>(settled.token)) {
    case Kind::kBoot:
      if (settled.outcome == Settled::Outcome::kResult) return on_boot_answer(settled.payload);
      boot_at_ = clock_->steady() + behaviour_->retry_interval;
      return;
    case Kind::kTransaction:
      return on_transaction_answer(settled);
    case Kind::kHeartbeat:
    case Kind::kStatus:
      return;  // said again at the next occasion
  }
}

void ChargePoint::on_boot_answer(const json::Object& payload) {
  const milliseconds interval{number_member(payload, "interval", 60) * 1000};
  if (text_member(payload, "status") != "Accepted") {
    boot_at_ = clock_->steady() + std::max(interval, behaviour_->retry_interval);
    return;
  }
  booted_ = true;
  if (interval.count() > 0) heartbeat_interval_ = interval;
  heartbeat_at_ = clock_->steady() + heartbeat_interval_;
  say_station_status();
  for (const auto& connector : connectors_) say_status(connector);
}

void ChargePoint::on_transaction_answer(const Settled& settled) {
  front_sent_ = false;
  auto& front = queue_.front();
  if (settled.outcome == Settled::Outcome::kResult) {
    const auto message = std::move(front);
    queue_.pop_front();
    if (message.action == "StartTransaction") return on_start_answer(message, settled.payload);
    if (message.action == "StopTransaction" && std::exchange(repeat_stop_, false)) queue_.push_front(message);
    return;
  }
  // OCPP 1.6 §3.7.1: tried again after an interval; given up only when it is refused several times.
  if (settled.outcome == Settled::Outcome::kError && front.attempts >= kAttemptLimit) {
    queue_.pop_front();
    return;
  }
  retry_at_ = clock_->steady() + behaviour_->retry_interval * front.attempts;
}

void ChargePoint::on_start_answer(const QueuedMessage& message, const json::Object& payload) {
  const auto id = number_member(payload, "transactionId", -1);
  auto& transaction = *message.transaction;
  if (transaction.id && *transaction.id != id) ++counts_.changed_ids;
  transaction.id = id;
  if (std::exchange(repeat_start_, false)) {
    queue_.push_front(message);
    return;
  }
  const auto* info = payload.if_contains("idTagInfo");
  const bool accepted = info != nullptr && info->is_object() && text_member(info->as_object(), "status") == "Accepted";
  if (accepted) return;
  for (auto& connector : connectors_) {
    if (connector.transaction == message.transaction) queue_stop(connector, "DeAuthorized");
  }
}

// --- calls of the platform

void ChargePoint::answer(const evc::ocpp::Call& call) {
  const auto reply = [&](json::Object payload) {
    output_.push_back(serialize(evc::ocpp::CallResult{.id = call.id, .payload = std::move(payload)}));
  };
  if (call.action == "RemoteStartTransaction") return reply(remote_start(call.payload));
  if (call.action == "RemoteStopTransaction") return reply(remote_stop(call.payload));
  if (call.action == "ChangeAvailability") return reply(change_availability(call.payload));
  if (call.action == "Reset") return reply(reset(call.payload));
  if (call.action == "UnlockConnector") return reply(unlock(call.payload));
  if (call.action == "TriggerMessage") return reply(trigger(call.payload));
  if (call.action == "GetConfiguration") return reply(configuration(call.payload));
  if (call.action == "ChangeConfiguration") return reply(change_configuration(call.payload));
  if (call.action == "ClearCache") return reply(status("Accepted"));
  if (call.action == "DataTransfer") return reply(status("UnknownVendorId"));
  output_.push_back(serialize(evc::ocpp::make_error(call.id, ErrorCode::kNotImplemented, "unknown action")));
}

// A car comes at once: the driver stands there with the cable.
json::Object ChargePoint::remote_start(const json::Object& payload) {
  auto* connector = find(number_member(payload, "connectorId", 1));
  const auto tag = text_member(payload, "idTag");
  if (connector == nullptr || tag.empty() || std::exchange(reject_start_, false)) return status("Rejected");
  if (connector->status != ConnectorStatus::kAvailable || connector->next_step) return status("Rejected");
  connector->expected_tag = tag;
  connector->next_step = clock_->steady() + behaviour_->plug_in_delay;
  return status("Accepted");
}

json::Object ChargePoint::remote_stop(const json::Object& payload) {
  const auto id = number_member(payload, "transactionId", -1);
  for (auto& connector : connectors_) {
    if (!connector.transaction || connector.transaction->id != id) continue;
    queue_stop(connector, "Remote");
    return status("Accepted");
  }
  return status("Rejected");
}

json::Object ChargePoint::change_availability(const json::Object& payload) {
  const auto id = number_member(payload, "connectorId", 0);
  const bool operative = text_member(payload, "type") == "Operative";
  if (id != 0 && find(id) == nullptr) return status("Rejected");
  bool scheduled = false;
  for (auto& connector : connectors_) {
    if (id != 0 && connector.plan.id != id) continue;
    using Inoperative = Connector::Inoperative;
    if (operative) {
      connector.inoperative = Inoperative::kNo;
      if (connector.status == ConnectorStatus::kUnavailable) set_status(connector, ConnectorStatus::kAvailable);
    } else if (connector.status == ConnectorStatus::kAvailable) {
      connector.inoperative = Inoperative::kYes;
      set_status(connector, ConnectorStatus::kUnavailable);
    } else if (connector.inoperative == Inoperative::kNo) {
      connector.inoperative = Inoperative::kAfterTransaction;
      scheduled = true;
    }
  }
  return status(scheduled ? "Scheduled" : "Accepted");
}

json::Object ChargePoint::reset(const json::Object& payload) {
  reboot(text_member(payload, "type") == "Hard" ? "HardReset" : "SoftReset");
  return status("Accepted");
}

json::Object ChargePoint::unlock(const json::Object& payload) {
  auto* connector = find(number_member(payload, "connectorId", 0));
  if (connector == nullptr) return status("NotSupported");
  if (connector->transaction) queue_stop(*connector, "UnlockCommand");
  return status("Unlocked");
}

json::Object ChargePoint::trigger(const json::Object& payload) {
  const auto message = text_member(payload, "requestedMessage");
  const auto id = number_member(payload, "connectorId", 0);
  if (message == "Heartbeat") {
    heartbeat_at_ = clock_->steady();
  } else if (message == "BootNotification") {
    boot_at_ = clock_->steady();
  } else if (message == "StatusNotification") {
    if (id == 0) say_station_status();
    for (const auto& connector : connectors_) {
      if (id == 0 || connector.plan.id == id) say_status(connector);
    }
  } else if (message == "MeterValues") {
    for (auto& connector : connectors_) {
      if (id != 0 && connector.plan.id != id) continue;
      advance(connector);
      queue_meter_values(connector, "Trigger");
    }
  } else {
    return status("NotImplemented");
  }
  return status("Accepted");
}

json::Object ChargePoint::configuration(const json::Object& payload) const {
  const auto entry = [](std::string_view name, std::int64_t value) {
    return json::Object{{"key", name}, {"readonly", false}, {"value", std::to_string(value)}};
  };
  json::Array known{
      entry("HeartbeatInterval", std::chrono::duration_cast<std::chrono::seconds>(heartbeat_interval_).count()),
      entry("MeterValueSampleInterval", std::chrono::duration_cast<std::chrono::seconds>(meter_interval_).count()),
      entry("NumberOfConnectors", static_cast<std::int64_t>(connectors_.size()))};
  json::Object answer{{"configurationKey", json::Array{}}};
  const auto* wanted = payload.if_contains("key");
  if (wanted == nullptr || !wanted->is_array() || wanted->as_array().empty()) {
    answer["configurationKey"] = std::move(known);
    return answer;
  }
  json::Array unknown;
  for (const auto& name : wanted->as_array()) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const json::Value& one) { return one.as_object().at("key") == name; });
    if (found == known.end()) {
      unknown.push_back(name);
    } else {
      answer["configurationKey"].as_array().push_back(*found);
    }
  }
  if (!unknown.empty()) answer["unknownKey"] = std::move(unknown);
  return answer;
}

json::Object ChargePoint::change_configuration(const json::Object& payload) {
  const auto name = text_member(payload, "key");
  const auto text = text_member(payload, "value");
  std::int64_t seconds = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, seconds);
  if (parsed.ec != std::errc{} || parsed.ptr != end || seconds < 1) return status("Rejected");
  if (name == "HeartbeatInterval") {
    heartbeat_interval_ = milliseconds(seconds * 1000);
  } else if (name == "MeterValueSampleInterval") {
    meter_interval_ = milliseconds(seconds * 1000);
  } else {
    return status("NotSupported");
  }
  return status("Accepted");
}

}  // namespace evc::charge_point
