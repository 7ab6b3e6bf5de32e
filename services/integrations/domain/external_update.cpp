#include "services/integrations/domain/external_update.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace evc::integrations {
namespace {

using Word = std::pair<std::string_view, std::string_view>;
constexpr std::array kStatusWords{
    Word{"Available", "available"},     Word{"Preparing", "preparing"},
    Word{"Charging", "charging"},       Word{"SuspendedEVSE", "suspendedEvse"},
    Word{"SuspendedEV", "suspendedEv"}, Word{"Finishing", "finishing"},
    Word{"Reserved", "reserved"},       Word{"Unavailable", "unavailable"},
    Word{"Faulted", "faulted"},         Word{"Offline", "offline"},
};
constexpr std::array kReasonWords{
    Word{"Remote", "remote"},
    Word{"Local", "local"},
    Word{"EVDisconnected", "unplugged"},
    Word{"DeAuthorized", "deauthorised"},
    Word{"EmergencyStop", "emergency"},
    Word{"PowerLoss", "powerLost"},
    Word{"Reboot", "reboot"},
    Word{"HardReset", "reset"},
    Word{"SoftReset", "reset"},
    Word{"UnlockCommand", "unlock"},
};

std::string_view word(std::span<const Word> words, std::string_view text, std::string_view otherwise) {
  const auto found = std::ranges::find(words, text, &Word::first);
  return found == words.end() ? otherwise : found->second;
}

constexpr std::int64_t kRegisterLimitWh = 9'007'199'254'740'991;
std::int64_t clamp_register(std::int64_t wh) {
  return std::clamp<std::int64_t>(wh, 0, kRegisterLimitWh);
}

void add_text(json::Object& data, std::string_view name, std::string_view text) {
  if (!text.empty()) data[name] = text;
}

json::Object common(std::string_view kind, std::string_view station_id, WallTime at) {
  return {{"kind", kind}, {"provider", kOcppProvider}, {"stationId", station_id}, {"timestamp", format_rfc3339(at)}};
}

json::Object about(std::string_view kind, const TransactionRef& transaction, WallTime at) {
  auto data = common(kind, transaction.station_id, at);
  data["connectorId"] = transaction.connector_id;
  if (transaction.session_id) data["sessionId"] = to_string(*transaction.session_id);
  data["transactionId"] = std::to_string(transaction.transaction_id);
  return data;
}

}  // namespace

std::string subject_of(std::string_view station_id, std::int64_t connector_id) {
  std::string subject(station_id);
  if (connector_id > 0) subject += "/" + std::to_string(connector_id);
  return subject;
}

std::string_view status_word(std::string_view ocpp_status) {
  return word(kStatusWords, ocpp_status, "unknown");
}

json::Object station_registered(std::string_view station_id, WallTime at, const ocpp::BootNotification& boot,
                                const std::vector<SiteConnector>& connectors) {
  auto data = common("stationRegistered", station_id, at);
  data["protocol"] = "ocpp1.6";
  add_text(data, "vendor", boot.vendor);
  add_text(data, "model", boot.model);
  add_text(data, "firmwareVersion", boot.firmware_version.value_or(""));
  if (connectors.empty()) return data;
  json::Array list;
  for (const auto& connector : connectors) {
    json::Object entry{{"connectorId", connector.id}};
    add_text(entry, "type", connector.type);
    if (connector.max_power_w > 0) entry["maxPowerW"] = connector.max_power_w;
    list.push_back(std::move(entry));
  }
  data["connectors"] = std::move(list);
  return data;
}

json::Object connector_status(std::string_view station_id, std::int64_t connector_id, WallTime at,
                              std::string_view status, std::string_view error_code,
                              const std::optional<Uuid>& session_id) {
  auto data = common("connectorStatus", station_id, at);
  data["connectorId"] = connector_id;
  data["status"] = status_word(status);
  if (error_code != "NoError") add_text(data, "errorCode", error_code);
  if (session_id) data["sessionId"] = to_string(*session_id);
  return data;
}

json::Object transaction_started(const TransactionRef& transaction, WallTime at, std::int64_t meter_wh,
                                 Reported reported) {
  auto data = about("transactionStarted", transaction, at);
  data["meterWh"] = clamp_register(meter_wh);
  if (reported == Reported::kLater) data["offline"] = true;
  return data;
}

json::Object meter_values(const TransactionRef& transaction, const ocpp::MeterReading& reading) {
  auto data = about("meterValues", transaction, reading.timestamp);
  data["meterWh"] = clamp_register(reading.energy_wh.value_or(0));
  if (reading.power_w) data["powerW"] = *reading.power_w;
  if (reading.soc) data["soc"] = *reading.soc;
  return data;
}

json::Object transaction_ended(const TransactionRef& transaction, const TransactionEnd& end) {
  auto data = about("transactionEnded", transaction, end.at);
  data["meterStartWh"] = clamp_register(end.meter_start_wh);
  data["meterWh"] = clamp_register(end.meter_wh);
  if (end.soc) data["soc"] = *end.soc;
  data["reason"] = word(kReasonWords, end.reason, "other");
  if (end.reported == Reported::kLater) data["offline"] = true;
  return data;
}

json::Object command_result(const CommandOutcome& outcome, WallTime at) {
  auto data = common("commandResult", outcome.station_id, at);
  if (outcome.connector_id > 0) data["connectorId"] = outcome.connector_id;
  if (outcome.session_id) data["sessionId"] = to_string(*outcome.session_id);
  data["commandId"] = to_string(outcome.command_id);
  data["command"] = outcome.command;
  data["result"] = outcome.result;
  constexpr std::size_t kDetailLimit = 200;
  add_text(data, "detail", std::string_view(outcome.detail).substr(0, kDetailLimit));
  return data;
}

}  // namespace evc::integrations
