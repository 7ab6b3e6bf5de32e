#include "services/integrations/store/station_store.hpp"

#include "kit/base/bytes.hpp"

namespace evc::integrations::store {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kProvision{"integrations.station.provision", R"(
  INSERT INTO station (station_id, name, connectors, password_sha256)
  SELECT s.station_id, s.name, s.connectors, decode(s.password, 'hex')
    FROM jsonb_to_recordset($1::jsonb) AS s(station_id text, name text, connectors jsonb, password text)
  ON CONFLICT (station_id) DO UPDATE
     SET name = excluded.name, connectors = excluded.connectors, password_sha256 = excluded.password_sha256
   WHERE (station.name, station.connectors, station.password_sha256) IS DISTINCT FROM (excluded.name, excluded.connectors, excluded.password_sha256))"};
constexpr Statement kPassword{"integrations.station.password",
                              "SELECT password_sha256 FROM station WHERE station_id = $1"};
constexpr Statement kFind{
    "integrations.station.find",
    "SELECT connection_id IS NOT NULL, registered_at IS NOT NULL, connectors FROM station WHERE station_id = $1"};
constexpr Statement kLock{"integrations.station.lock",
                          "SELECT connection_id IS NOT NULL, registered_at IS NOT NULL, connectors FROM station WHERE "
                          "station_id = $1 FOR NO KEY UPDATE"};
constexpr Statement kConnect{
    "integrations.station.connect",
    "UPDATE station SET connection_id = $2, connected_at = now(), disconnected_at = NULL WHERE station_id = $1"};
constexpr Statement kDisconnect{
    "integrations.station.disconnect",
    "UPDATE station SET connection_id = NULL, disconnected_at = now() WHERE station_id = $1 AND connection_id = $2"};
constexpr Statement kBoot{
    "integrations.station.boot",
    "UPDATE station SET vendor = $2, model = $3, serial = $4, firmware = $5, booted_at = now() WHERE station_id = $1"};
constexpr Statement kRegister{"integrations.station.register",
                              "UPDATE station SET registered_at = now() WHERE station_id = $1"};
constexpr Statement kConnectorStatus{"integrations.connector.status", R"(
  INSERT INTO connector AS c (station_id, connector_id, status, error_code, info, vendor_error, changed_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (station_id, connector_id) DO UPDATE
     SET status = excluded.status, error_code = excluded.error_code, info = excluded.info, vendor_error = excluded.vendor_error, changed_at = excluded.changed_at
   WHERE (c.status, c.error_code) IS DISTINCT FROM (excluded.status, excluded.error_code))"};
constexpr Statement kConnectorsOffline{"integrations.connector.offline", R"(
  UPDATE connector SET status = 'Offline', error_code = $2, changed_at = $3
   WHERE station_id = $1 AND status <> 'Offline' RETURNING connector_id)"};
constexpr Statement kCountStations{
    "station.count",
    "SELECT count(*) FILTER (WHERE connection_id IS NOT NULL), count(*) FILTER (WHERE connection_id IS "
    "NULL AND connected_at IS NOT NULL), count(*) FILTER (WHERE connected_at IS NULL) FROM station"};
constexpr Statement kCountConnectors{"connector.count by status",
                                     "SELECT status, count(*) FROM connector WHERE connector_id > 0 GROUP BY status"};
constexpr Statement kOpenConnections{"integrations.station.open",
                                     "SELECT station_id, connection_id FROM station WHERE connection_id IS NOT NULL"};

json::Array connectors_json(const std::vector<SiteConnector>& connectors) {
  json::Array list;
  for (const auto& connector : connectors)
    list.push_back(json::Object{{"id", connector.id}, {"type", connector.type}, {"maxPowerW", connector.max_power_w}});
  return list;
}

StationRow station_row(const postgres::Rows& rows) {
  StationRow row{.connected = rows.get<bool>(0, 0), .registered = rows.get<bool>(0, 1)};
  const auto connectors = rows.get<json::Value>(0, 2);
  for (const auto& entry : connectors.as_array()) {
    const auto& connector = entry.as_object();
    row.connectors.push_back({.id = connector.at("id").to_number<std::int64_t>(),
                              .type = std::string(connector.at("type").as_string()),
                              .max_power_w = connector.at("maxPowerW").to_number<std::int64_t>()});
  }
  return row;
}

}  // namespace

Task<Result<std::int64_t>> provision(RequestContext& context, postgres::Pool& pool,
                                     std::vector<ProvisionedStation> stations) {
  json::Array list;
  for (const auto& station : stations) {
    list.push_back(json::Object{{"station_id", station.site.station_id},
                                {"name", station.site.name},
                                {"connectors", connectors_json(station.site.connectors)},
                                {"password", hex_encode(station.password_sha256)}});
  }
  EVC_CO_TRY(rows, co_await pool.exec(context, kProvision, Params(json::Value(std::move(list)))));
  co_return rows.affected();
}

Task<Result<std::optional<std::string>>> password_sha256(RequestContext& context, postgres::Pool& pool,
                                                         std::string station_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kPassword, Params(station_id)));
  if (rows.empty()) co_return std::nullopt;
  co_return rows.bytes(0, 0);
}

Task<Result<std::optional<StationRow>>> find_station(RequestContext& context, postgres::Pool& pool,
                                                     std::string station_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(station_id)));
  if (rows.empty()) co_return std::nullopt;
  co_return station_row(rows);
}

Task<Result<std::optional<StationRow>>> lock_station(RequestContext& context, postgres::Transaction& transaction,
                                                     std::string station_id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLock, Params(station_id)));
  if (rows.empty()) co_return std::nullopt;
  co_return station_row(rows);
}

Task<Result<void>> set_connected(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                                 Uuid connection_id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kConnect, Params(station_id, connection_id)));
  co_return Result<void>{};
}

Task<Result<bool>> set_disconnected(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                                    Uuid connection_id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kDisconnect, Params(station_id, connection_id)));
  co_return rows.affected() == 1;
}

Task<Result<void>> set_booted(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                              ocpp::BootNotification boot) {
  const auto& serial = boot.charge_point_serial ? boot.charge_point_serial : boot.charge_box_serial;
  EVC_CO_CHECK(co_await transaction.exec(context, kBoot,
                                         Params(station_id, boot.vendor, boot.model, serial, boot.firmware_version)));
  co_return Result<void>{};
}

Task<Result<void>> set_registered(RequestContext& context, postgres::Transaction& transaction, std::string station_id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kRegister, Params(station_id)));
  co_return Result<void>{};
}

Task<Result<bool>> set_connector_status(RequestContext& context, postgres::Transaction& transaction,
                                        std::string station_id, ocpp::StatusNotification status, WallTime at) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kConnectorStatus,
                                             Params(station_id, status.connector_id, status.status, status.error_code,
                                                    status.info, status.vendor_error_code, at)));
  co_return rows.affected() == 1;
}

Task<Result<std::vector<std::int64_t>>> set_connectors_offline(RequestContext& context,
                                                               postgres::Transaction& transaction,
                                                               std::string station_id, std::string reason,
                                                               WallTime at) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kConnectorsOffline, Params(station_id, reason, at)));
  std::vector<std::int64_t> connectors;
  for (std::size_t row = 0; row < rows.size(); ++row) connectors.push_back(rows.get<std::int64_t>(row, 0));
  co_return connectors;
}

Task<Result<StationFigures>> station_figures(RequestContext& context, postgres::Pool& pool) {
  EVC_CO_TRY(stations, co_await pool.exec(context, kCountStations));
  EVC_CO_TRY(connectors, co_await pool.exec(context, kCountConnectors));
  StationFigures figures{.connected = stations.get<std::int64_t>(0, 0),
                         .offline = stations.get<std::int64_t>(0, 1),
                         .never = stations.get<std::int64_t>(0, 2),
                         .connectors_by_status = {}};
  for (std::size_t row = 0; row < connectors.size(); ++row)
    figures.connectors_by_status.emplace_back(connectors.get<std::string>(row, 0),
                                              connectors.get<std::int64_t>(row, 1));
  co_return figures;
}

Task<Result<std::vector<OpenConnection>>> open_connections(RequestContext& context, postgres::Pool& pool) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOpenConnections));
  std::vector<OpenConnection> open;
  for (std::size_t row = 0; row < rows.size(); ++row)
    open.push_back({.station_id = rows.get<std::string>(row, 0), .connection_id = rows.get<Uuid>(row, 1)});
  co_return open;
}

}  // namespace evc::integrations::store
