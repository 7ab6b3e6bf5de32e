#include "services/charging/store/stations.hpp"

#include "kit/base/crash_point.hpp"

#include <map>

namespace evc::charging {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

#define STATION_COLUMNS                                                                                           \
  "id, name, network, lat, lon, currency, per_kwh_minor, start_fee_minor, idle_per_minute_minor, grace_minutes, " \
  "status, status_at, version"

constexpr Statement kUpsertSite{
    "station_upsert",
    "INSERT INTO station (id, name, network, lat, lon, currency, per_kwh_minor, start_fee_minor, "
    "idle_per_minute_minor, grace_minutes) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET name = $2, network = $3, lat = "
    "$4, lon = $5, currency = $6, per_kwh_minor = $7, "
    "start_fee_minor = $8, idle_per_minute_minor = $9, grace_minutes = $10, version = nextval('station_version') "
    "WHERE (station.name, station.network, station.lat, station.lon, station.currency, station.per_kwh_minor, "
    "station.start_fee_minor, station.idle_per_minute_minor, "
    "station.grace_minutes) IS DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr Statement kUpsertConnector{
    "connector_upsert",
    "INSERT INTO connector (station_id, connector_id, type, max_power_w) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (station_id, connector_id) DO UPDATE SET type = $3, max_power_w = $4 "
    "WHERE (connector.type, connector.max_power_w) IS DISTINCT FROM ($3, $4)"};
constexpr Statement kFind{"station_find", "SELECT " STATION_COLUMNS " FROM station WHERE id = $1"};
constexpr Statement kInBox{"station_in_box",
                           "SELECT " STATION_COLUMNS
                           " FROM station WHERE lon >= $1 AND lat >= $2 AND lon <= $3 AND lat <= $4 ORDER BY id"};
constexpr Statement kSince{"station_since",
                           "SELECT " STATION_COLUMNS " FROM station WHERE version > $1 ORDER BY version LIMIT $2"};
constexpr Statement kConnectors{"connector_of",
                                "SELECT station_id, connector_id, type, max_power_w, status, status_at FROM connector "
                                "WHERE station_id = ANY (string_to_array($1, ',')) "
                                "ORDER BY station_id, connector_id"};
constexpr Statement kSetConnector{
    "connector_set_status",
    "UPDATE connector SET status = $3, status_at = $4 WHERE station_id = $1 AND ($2 = 0 OR connector_id = $2) "
    "AND (status_at IS NULL OR status_at <= $4) AND ($2 <> 0 OR $3 = 'offline')"};
constexpr Statement kSetStation{"station_set_status",
                                "UPDATE station SET status = $2, status_at = $3, version = nextval('station_version') "
                                "WHERE id = $1 AND (status_at IS NULL OR status_at <= $3)"};
constexpr Statement kRegister{
    "station_register",
    "INSERT INTO station (id, name, lat, lon, currency, per_kwh_minor, start_fee_minor, idle_per_minute_minor, "
    "grace_minutes, status, status_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'online', $10) ON CONFLICT (id) DO UPDATE SET status = 'online', "
    "status_at = $10, "
    "version = nextval('station_version') WHERE station.status_at IS NULL OR station.status_at <= $10"};

Station station_of(const Rows& rows, std::size_t row) {
  return Station{.id = rows.get<std::string>(row, 0),
                 .name = rows.get<std::string>(row, 1),
                 .network = rows.get<std::optional<std::string>>(row, 2),
                 .lat = rows.get<double>(row, 3),
                 .lon = rows.get<double>(row, 4),
                 .tariff = {.currency = Currency::parse(rows.get<std::string>(row, 5)).value(),
                            .per_kwh_minor = rows.get<std::int64_t>(row, 6),
                            .start_fee_minor = rows.get<std::int64_t>(row, 7),
                            .idle_per_minute_minor = rows.get<std::int64_t>(row, 8),
                            .grace_minutes = rows.get<std::int64_t>(row, 9)},
                 .status = rows.get<std::string>(row, 10),
                 .status_at = rows.get<std::optional<WallTime>>(row, 11),
                 .version = rows.get<std::int64_t>(row, 12)};
}

Params site_params(const Station& site) {
  Params params(site.id, site.name, site.network, site.lat, site.lon, site.tariff.currency.code(),
                site.tariff.per_kwh_minor);
  params.add(site.tariff.start_fee_minor).add(site.tariff.idle_per_minute_minor).add(site.tariff.grace_minutes);
  return params;
}

Task<Result<void>> upsert_connectors(RequestContext& context, postgres::Transaction& transaction,
                                     const Station& station) {
  for (const Connector& connector : station.connectors) {
    EVC_CO_CHECK(co_await transaction.exec(context, kUpsertConnector,
                                           Params(station.id, connector.id, connector.type, connector.max_power_w)));
  }
  co_return Result<void>{};
}

Task<Result<std::vector<Station>>> with_connectors(RequestContext& context, postgres::Pool& pool, const Rows& rows) {
  std::vector<Station> stations;
  std::map<std::string, std::size_t> place;
  std::string ids;  // station ids have no comma (contracts: StationId)
  for (std::size_t i = 0; i < rows.size(); ++i) {
    stations.push_back(station_of(rows, i));
    place.emplace(stations.back().id, i);
    ids += (ids.empty() ? "" : ",") + stations.back().id;
  }
  if (stations.empty()) co_return stations;
  EVC_CO_TRY(connectors, co_await pool.exec(context, kConnectors, Params(ids)));
  for (std::size_t i = 0; i < connectors.size(); ++i) {
    stations[place.at(connectors.get<std::string>(i, 0))].connectors.push_back(
        {.id = connectors.get<std::int64_t>(i, 1),
         .type = connectors.get<std::string>(i, 2),
         .max_power_w = connectors.get<std::int64_t>(i, 3),
         .status = connectors.get<std::string>(i, 4),
         .status_at = connectors.get<std::optional<WallTime>>(i, 5)});
  }
  co_return stations;
}

}  // namespace

Task<Result<void>> upsert_sites(RequestContext& context, postgres::Pool& pool, std::vector<Station> sites) {
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  for (const Station& site : sites) {
    EVC_CO_CHECK(co_await transaction.exec(context, kUpsertSite, site_params(site)));
    EVC_CO_CHECK(co_await upsert_connectors(context, transaction, site));
  }
  co_return EVC_STEP("charging.sites.commit", co_await transaction.commit(context));
}

Task<Result<std::optional<Station>>> find_station(RequestContext& context, postgres::Pool& pool, std::string id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(id)));
  EVC_CO_TRY(stations, co_await with_connectors(context, pool, rows));
  if (stations.empty()) co_return std::optional<Station>{};
  co_return std::optional<Station>(std::move(stations.front()));
}

Task<Result<std::vector<Station>>> stations_in_box(RequestContext& context, postgres::Pool& pool, Box box) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kInBox, Params(box.min_lon, box.min_lat, box.max_lon, box.max_lat)));
  co_return co_await with_connectors(context, pool, rows);
}

Task<Result<std::vector<Station>>> stations_since(RequestContext& context, postgres::Pool& pool, std::int64_t since,
                                                  std::int64_t limit) {
  constexpr std::int64_t kRepeated = 256;
  EVC_CO_TRY(rows,
             co_await pool.exec(context, kSince, Params(since > kRepeated ? since - kRepeated : 0, limit + kRepeated)));
  co_return co_await with_connectors(context, pool, rows);
}

Task<Result<bool>> apply_connector_status(RequestContext& context, postgres::Transaction& transaction,
                                          ConnectorFact fact) {
  EVC_CO_TRY(connectors, co_await transaction.exec(context, kSetConnector,
                                                   Params(fact.station_id, fact.connector_id, fact.status, fact.at)));
  const std::string station_status = fact.status == "offline" ? "offline" : "online";
  EVC_CO_TRY(station,
             co_await transaction.exec(context, kSetStation, Params(fact.station_id, station_status, fact.at)));
  co_return connectors.affected() > 0 || station.affected() > 0;
}

Task<Result<void>> register_station(RequestContext& context, postgres::Transaction& transaction, Station station,
                                    WallTime at) {
  Params params(station.id, station.name, station.lat, station.lon, station.tariff.currency.code(),
                station.tariff.per_kwh_minor, station.tariff.start_fee_minor);
  params.add(station.tariff.idle_per_minute_minor).add(station.tariff.grace_minutes).add(at);
  EVC_CO_CHECK(co_await transaction.exec(context, kRegister, std::move(params)));
  co_return co_await upsert_connectors(context, transaction, station);
}

}  // namespace evc::charging
