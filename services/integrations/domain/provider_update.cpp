#include "services/integrations/domain/provider_update.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kit/base/bytes.hpp"
#include "services/integrations/domain/station_credentials.hpp"

namespace evc::integrations {
namespace {

constexpr std::array<std::string_view, 11> kStatuses{"available",     "preparing", "charging", "suspendedEv",
                                                     "suspendedEvse", "finishing", "reserved", "unavailable",
                                                     "faulted",       "offline",   "unknown"};

Result<void> add_connector(json::Object& data, const ProviderUpdate& update) {
  if (!update.connector_id) return fail_field("/connectorId", "is required");
  if (*update.connector_id < 1 || *update.connector_id > 255) return fail_field("/connectorId", "is out of range");
  data["connectorId"] = *update.connector_id;
  return {};
}

Result<void> add_meter(json::Object& data, const ProviderUpdate& update) {
  constexpr std::int64_t kRegisterLimitWh = 9'007'199'254'740'991;
  constexpr std::size_t kTransactionIdLimit = 36;
  if (!update.transaction_id) return fail_field("/transactionId", "is required");
  if (update.transaction_id->empty() || update.transaction_id->size() > kTransactionIdLimit)
    return fail_field("/transactionId", "is empty or too long");
  if (!update.meter_wh) return fail_field("/meterWh", "is required");
  if (*update.meter_wh < 0 || *update.meter_wh > kRegisterLimitWh) return fail_field("/meterWh", "is out of range");
  data["transactionId"] = *update.transaction_id;
  data["meterWh"] = *update.meter_wh;
  if (update.power_kw) {
    if (!(std::abs(*update.power_kw) <= 1000)) return fail_field("/powerKw", "is out of range");
    data["powerW"] = std::llround(*update.power_kw * 1000);
  }
  if (update.soc) {
    if (!(*update.soc >= 0 && *update.soc <= 1)) return fail_field("/soc", "is out of range");
    data["soc"] = *update.soc;
  }
  return {};
}

}  // namespace

Secret<std::string> provider_secret(const Secret<std::string>& base, std::string_view provider) {
  return Secret<std::string>(hex_encode(view(hmac_sha256(base.reveal(), provider))));
}

bool is_provider_name(std::string_view text) {
  constexpr std::size_t kLimit = 32;
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (text.empty() || text.size() > kLimit || !lower(text.front())) return false;
  return std::ranges::all_of(text, [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '-'; });
}

Result<json::Object> update_data(std::string_view provider, const ProviderUpdate& update) {
  if (!is_station_id(update.station_id)) return fail_field("/stationId", "is not a station id");
  json::Object data{{"kind", update.kind},
                    {"provider", provider},
                    {"stationId", update.station_id},
                    {"timestamp", format_rfc3339(update.timestamp)}};
  if (update.kind == "stationRegistered") {
    data["protocol"] = "webhook";
    return data;
  }
  if (update.kind != "connectorStatus" && update.kind != "meterValues")
    return fail_field("/kind", "is not one of the allowed values");
  EVC_CHECK(add_connector(data, update));
  if (update.kind == "meterValues") {
    EVC_CHECK(add_meter(data, update));
    return data;
  }
  if (!update.status) return fail_field("/status", "is required");
  if (std::ranges::find(kStatuses, *update.status) == kStatuses.end())
    return fail_field("/status", "is not one of the allowed values");
  data["status"] = *update.status;
  return data;
}

}  // namespace evc::integrations
