#include "services/charging/domain/emissions.hpp"

#include <algorithm>

namespace evc::charging {
namespace {

constexpr std::int64_t kStationNameLimit = 120;

json::Object base(const Session& session) {
  return {
      {"sessionId", to_string(session.id)}, {"stationId", session.station_id}, {"connectorId", session.connector_id}};
}

json::Object money(const Session& session, std::int64_t amount_minor) {
  return charging::money(amount_minor, session.tariff.currency);
}

// Exactly three digits of kWh as text, without trailing zeros: 22312 Wh → "22.312", 500 → "0.5".
std::string kwh_text(std::int64_t wh) {
  std::string digits = std::to_string(wh % 1000);
  digits.insert(0, 3 - digits.size(), '0');
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return std::to_string(wh / 1000) + (digits.empty() ? "" : "." + digits);
}

json::Object line(const Session& session, std::string_view kind, std::string quantity, std::string_view unit,
                  std::int64_t unit_minor, std::int64_t amount_minor) {
  return {{"kind", kind},
          {"quantity", std::move(quantity)},
          {"unit", unit},
          {"unitPrice", money(session, unit_minor)},
          {"amount", money(session, amount_minor)}};
}

json::Array price_lines(const Session& session) {
  json::Array lines;
  if (session.energy_wh <= 0) return lines;
  const auto parts = tariff::cost(session.tariff, session.energy_wh, 0);
  if (!parts) return lines;
  lines.push_back(
      line(session, "energy", kwh_text(session.energy_wh), "kWh", session.tariff.per_kwh_minor, parts->energy_minor));
  if (parts->start_minor > 0)
    lines.push_back(line(session, "start", "1", "session", session.tariff.start_fee_minor, parts->start_minor));
  return lines;
}

// Cut at a character's border, so that the text stays valid UTF-8.
std::string bounded(const std::string& text) {
  if (text.size() <= static_cast<std::size_t>(kStationNameLimit)) return text;
  std::size_t end = kStationNameLimit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

json::Object money(std::int64_t amount_minor, const Currency& currency) {
  return {{"amount", amount_minor}, {"currency", currency.code()}};
}

std::int64_t duration_seconds(const Session& session, WallTime now) {
  if (!session.started_at) return 0;
  const auto end = session.ended_at.value_or(now);
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(end - *session.started_at).count());
}

Emission emit_requested(const Session& session) {
  json::Object data = base(session);
  data["energyLimitWh"] = session.energy_limit_wh;
  if (session.target_soc) data["targetSoc"] = *session.target_soc;
  data["hold"] = money(session, session.hold_minor);
  return {"ChargingSessionRequested", std::move(data)};
}

Emission emit_authorized(const Session& session, WallTime start_by) {
  json::Object data = base(session);
  data["energyLimitWh"] = session.energy_limit_wh;
  if (session.target_soc) data["targetSoc"] = *session.target_soc;
  data["preauthorisationReference"] = session.reference;
  data["hold"] = money(session, session.hold_minor);
  data["startBy"] = format_rfc3339(start_by);
  return {"ChargingSessionAuthorized", std::move(data)};
}

Emission emit_failed(const Session& session, HoldReference reference) {
  json::Object data = base(session);
  if (reference == HoldReference::kInclude) data["preauthorisationReference"] = session.reference;
  data["reason"] = session.failure.value_or("cancelled");
  return {"ChargingSessionFailed", std::move(data)};
}

Emission emit_started(const Session& session) {
  json::Object data = base(session);
  data["transactionId"] = session.transaction_id.value_or("");
  data["startedAt"] = format_rfc3339(session.started_at.value_or(session.updated_at));
  data["meterStartWh"] = session.meter_start_wh;
  if (session.soc) data["soc"] = *session.soc;
  data["late"] = session.state == SessionState::kLateStarted;
  return {"ChargingSessionStarted", std::move(data)};
}

Emission emit_updated(const Session& session, WallTime now) {
  json::Object data = base(session);
  data["state"] = name(session.state);
  data["energyWh"] = session.energy_wh;
  data["durationS"] = duration_seconds(session, now);
  if (session.power_w) data["powerW"] = *session.power_w;
  if (session.soc) data["soc"] = *session.soc;
  data["cost"] = money(session, session.cost_minor);
  data["measuredAt"] = format_rfc3339(now);
  return {"ChargingSessionUpdated", std::move(data)};
}

Emission emit_stop_requested(const Session& session, WallTime now) {
  json::Object data = base(session);
  if (session.transaction_id) data["transactionId"] = *session.transaction_id;
  data["reason"] = session.stop_reason.value_or("operator");
  data["requestedAt"] = format_rfc3339(now);
  return {"ChargingSessionStopRequested", std::move(data)};
}

Emission emit_ended(const Session& session) {
  json::Object data = base(session);
  data["stationName"] = bounded(session.station_name);
  if (session.transaction_id) data["transactionId"] = *session.transaction_id;
  data["preauthorisationReference"] = session.reference;
  data["startedAt"] = format_rfc3339(session.started_at.value_or(session.updated_at));
  data["endedAt"] = format_rfc3339(session.ended_at.value_or(session.updated_at));
  data["durationS"] = duration_seconds(session, session.updated_at);
  data["energyWh"] = session.energy_wh;
  data["finalPrice"] = money(session, session.cost_minor);
  data["priceLines"] = price_lines(session);
  if (session.soc) data["endSoc"] = *session.soc;
  data["reason"] = session.stop_reason.value_or("unknown");
  return {"ChargingSessionEnded", std::move(data)};
}

}  // namespace evc::charging
