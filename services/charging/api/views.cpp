#include "services/charging/api/views.hpp"

#include <algorithm>
#include <cmath>

#include "services/charging/domain/emissions.hpp"

namespace evc::charging {
namespace {

double thousandths(std::int64_t value) {
  return static_cast<double>(value) / 1000.0;
}

std::int64_t age_seconds(WallTime at, WallTime now) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(now - at).count());
}

json::Object connector_ref(const Session& session) {
  return {{"connectorId", session.connector_id},
          {"type", session.connector_type},
          {"maxPowerKw", thousandths(session.connector_max_power_w)}};
}

json::Object money_of(const Session& session, std::int64_t amount_minor) {
  return money(amount_minor, session.tariff.currency);
}

json::Object preauthorisation(const Session& session) {
  return {{"amount", money_of(session, session.hold_minor)},
          {"limit", money_of(session, std::max(session.hold_minor, session.hold_limit_minor))},
          {"reference", session.reference}};
}

json::Object price_view(const tariff::Tariff& tariff) {
  json::Object price{{"perKwh", money(tariff.per_kwh_minor, tariff.currency)}};
  if (tariff.start_fee_minor > 0) price["startFee"] = money(tariff.start_fee_minor, tariff.currency);
  if (tariff.idle_per_minute_minor > 0) {
    price["idlePerMinute"] = money(tariff.idle_per_minute_minor, tariff.currency);
    price["idleGraceSeconds"] = tariff.grace_minutes * 60;
  }
  return price;
}

}  // namespace

json::Object started_view(const Session& session) {
  return {{"sessionId", to_string(session.id)},
          {"state", name(session.state)},
          {"station", json::Object{{"stationId", session.station_id}, {"name", session.station_name}}},
          {"connector", connector_ref(session)},
          {"preauthorisation", preauthorisation(session)},
          {"createdAt", format_rfc3339(session.created_at)}};
}

json::Object session_view(const Session& session, WallTime now) {
  json::Object view = started_view(session);
  view["version"] = session.version;
  if (session.vehicle_id) view["vehicleId"] = to_string(*session.vehicle_id);
  view["energyLimitKwh"] = thousandths(session.energy_limit_wh);
  if (session.target_soc) view["targetSoc"] = *session.target_soc;
  view["energyKwh"] = thousandths(session.energy_wh);
  view["durationSeconds"] = duration_seconds(session, now);
  if (session.power_w && !session.ended_at) view["powerKw"] = thousandths(*session.power_w);
  if (session.soc) view["soc"] = *session.soc;
  view["cost"] = money_of(session, session.cost_minor);
  if (session.captured_minor) view["captured"] = money_of(session, *session.captured_minor);
  if (session.receivable_minor) view["receivable"] = money_of(session, *session.receivable_minor);
  if (session.failure) view["failure"] = *session.failure;
  if (session.started_at) view["startedAt"] = format_rfc3339(*session.started_at);
  if (session.ended_at) view["endedAt"] = format_rfc3339(*session.ended_at);
  view["updatedAt"] = format_rfc3339(session.updated_at);
  view["supportCode"] = session.trace_id;
  return view;
}

json::Object session_view(const Session& session, const std::vector<TimelineEntry>& timeline, WallTime now) {
  json::Object view = session_view(session, now);
  json::Array entries;
  for (const TimelineEntry& entry : timeline) {
    json::Object line{{"state", name(entry.state)}, {"at", format_rfc3339(entry.at)}};
    if (entry.reason) line["reason"] = *entry.reason;
    entries.push_back(std::move(line));
  }
  view["timeline"] = std::move(entries);
  return view;
}

json::Object station_view(const Station& station, WallTime now, std::optional<double> distance_km) {
  json::Array connectors;
  for (const Connector& connector : station.connectors) {
    json::Object entry{{"connectorId", connector.id},
                       {"type", connector.type},
                       {"maxPowerKw", thousandths(connector.max_power_w)},
                       {"status", connector.status}};
    if (connector.status_at) entry["statusAgeSeconds"] = age_seconds(*connector.status_at, now);
    connectors.push_back(std::move(entry));
  }
  json::Object view{{"stationId", station.id},
                    {"name", station.name},
                    {"position", json::Object{{"lat", station.lat}, {"lon", station.lon}}},
                    {"status", station.status},
                    {"connectors", std::move(connectors)},
                    {"price", price_view(station.tariff)}};
  if (station.network) view["network"] = *station.network;
  if (station.status_at) view["statusAgeSeconds"] = age_seconds(*station.status_at, now);
  if (distance_km) view["distanceKm"] = std::round(*distance_km * 1000.0) / 1000.0;
  return view;
}

}  // namespace evc::charging
