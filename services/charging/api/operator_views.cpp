#include "services/charging/api/operator_views.hpp"

#include <algorithm>

#include "kit/base/money.hpp"
#include "services/charging/domain/emissions.hpp"

namespace evc::charging {
namespace {

double thousandths(std::int64_t value) {
  return static_cast<double>(value) / 1000.0;
}

json::Object charge_view(const ConnectorCharge& charge) {
  json::Object view{{"sessionId", to_string(charge.session_id)},
                    {"state", name(charge.state)},
                    {"energyKwh", thousandths(charge.energy_wh)}};
  if (charge.power_w) view["powerKw"] = thousandths(*charge.power_w);
  if (charge.soc) view["soc"] = *charge.soc;
  return view;
}

}  // namespace

json::Object operator_connector(const Station& station, const Connector& connector, const ConnectorCharges& charges) {
  json::Object view{{"connectorId", connector.id},
                    {"type", connector.type},
                    {"maxPowerKw", thousandths(connector.max_power_w)},
                    {"status", connector.status}};
  if (connector.status_at) view["statusAt"] = format_rfc3339(*connector.status_at);
  const auto charge = charges.find({station.id, connector.id});
  if (charge != charges.end()) view["charge"] = charge_view(charge->second);
  return view;
}

json::Object operator_station(const Station& station, const ConnectorCharges& charges) {
  json::Array connectors;
  for (const Connector& connector : station.connectors)
    connectors.push_back(operator_connector(station, connector, charges));
  json::Object view{{"stationId", station.id},
                    {"name", station.name},
                    {"position", json::Object{{"lat", station.lat}, {"lon", station.lon}}},
                    {"status", station.status},
                    {"perKwh", money(station.tariff.per_kwh_minor, station.tariff.currency)},
                    {"connectors", std::move(connectors)}};
  if (station.network) view["network"] = *station.network;
  if (station.status_at) view["statusAt"] = format_rfc3339(*station.status_at);
  return view;
}

json::Object operator_session(const Session& session) {
  const Currency currency = session.tariff.currency;
  json::Object view{{"sessionId", to_string(session.id)},
                    {"state", name(session.state)},
                    {"userId", session.puid},
                    {"stationId", session.station_id},
                    {"stationName", session.station_name},
                    {"connectorId", session.connector_id},
                    {"connectorType", session.connector_type},
                    {"energyKwh", thousandths(session.energy_wh)},
                    {"cost", money(session.cost_minor, currency)},
                    {"held", money(session.hold_minor, currency)},
                    {"supportCode", session.trace_id},
                    {"createdAt", format_rfc3339(session.created_at)},
                    {"updatedAt", format_rfc3339(session.updated_at)}};
  if (session.power_w && !session.ended_at) view["powerKw"] = thousandths(*session.power_w);
  if (session.soc) view["soc"] = *session.soc;
  if (session.captured_minor) view["captured"] = money(*session.captured_minor, currency);
  if (session.receivable_minor) view["receivable"] = money(*session.receivable_minor, currency);
  if (session.failure) view["failure"] = *session.failure;
  if (session.started_at) view["startedAt"] = format_rfc3339(*session.started_at);
  if (session.ended_at) view["endedAt"] = format_rfc3339(*session.ended_at);
  return view;
}

json::Object saga_view(const Session& session) {
  const Currency currency = session.tariff.currency;
  json::Object view{{"version", session.version},
                    {"correlationId", to_string(session.correlation_id)},
                    {"reference", session.reference},
                    {"energyLimitKwh", thousandths(session.energy_limit_wh)},
                    {"perKwh", money(session.tariff.per_kwh_minor, currency)},
                    {"holdLimit", money(std::max(session.hold_minor, session.hold_limit_minor), currency)},
                    {"holdGone", session.hold_gone},
                    {"increments", session.increment.number}};
  if (session.deadline_at) view["deadlineAt"] = format_rfc3339(*session.deadline_at);
  if (session.transaction_id) view["transactionId"] = *session.transaction_id;
  if (session.stop_reason) view["stopReason"] = *session.stop_reason;
  if (session.target_soc) view["targetSoc"] = *session.target_soc;
  if (session.increment.number > 0) view["incrementState"] = name(session.increment.state);
  return view;
}

json::Array timeline_view(const std::vector<TimelineEntry>& timeline) {
  json::Array entries;
  for (const TimelineEntry& entry : timeline) {
    json::Object line{{"state", name(entry.state)}, {"at", format_rfc3339(entry.at)}};
    if (entry.reason) line["reason"] = *entry.reason;
    entries.push_back(std::move(line));
  }
  return entries;
}

}  // namespace evc::charging
