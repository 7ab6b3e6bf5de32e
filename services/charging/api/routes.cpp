#include "services/charging/api/routes.hpp"

#include <algorithm>

#include "kit/base/bytes.hpp"
#include "kit/http/operation.hpp"
#include "services/charging/api/operations.hpp"
#include "services/charging/api/records.hpp"
#include "services/charging/api/streams.hpp"
#include "services/charging/api/views.hpp"
#include "services/charging/store/sessions.hpp"
#include "services/charging/store/stations.hpp"

namespace evc::charging {
namespace {

using http::Request;
using http::Response;

struct Listed {
  Station station;
  std::optional<double> distance_km;
  std::string cursor;  // grows in the order of the list
};

std::string place_in_list(const Station& station, std::optional<double> distance_km) {
  if (!distance_km) return station.id;
  std::string millimetres = std::to_string(static_cast<std::int64_t>(*distance_km * 1e6));
  millimetres.insert(0, 12 - std::min<std::size_t>(12, millimetres.size()), '0');
  return millimetres + ":" + station.id;
}

std::vector<Listed> select(std::vector<Station> stations, const StationQuery& query) {
  std::vector<Listed> listed;
  for (Station& station : stations) {
    if (!matches(station, query.filter)) continue;
    std::optional<double> distance;
    if (query.near) distance = distance_km(query.near->first, query.near->second, station.lat, station.lon);
    std::string cursor = place_in_list(station, distance);
    if (cursor > query.after) listed.push_back({std::move(station), distance, std::move(cursor)});
  }
  std::ranges::sort(listed, {}, &Listed::cursor);
  return listed;
}

Task<Response> list_stations(Api& api, RequestContext& context, Request& request) {
  auto query = read_station_query(request.query);
  if (!query) co_return http::problem(query.error(), context, request.path);
  auto stations = co_await stations_in_box(context, api.pool, query->box.value_or(Box{}));
  if (!stations) co_return http::problem(stations.error(), context, request.path);
  const std::vector<Listed> listed = select(std::move(*stations), *query);
  const std::size_t count = std::min(listed.size(), static_cast<std::size_t>(query->limit));
  json::Array views;
  for (std::size_t i = 0; i < count; ++i)
    views.push_back(station_view(listed[i].station, context.clock->wall(), listed[i].distance_km));
  json::Object page{{"stations", std::move(views)}};
  if (count < listed.size()) page["nextCursor"] = base64url_encode(listed[count - 1].cursor);
  co_return Response::json(200, page);
}

Task<Response> get_station(Api& api, RequestContext& context, Request& request) {
  auto station = co_await find_station(context, api.pool, request.path_parameters.at("stationId"));
  if (!station) co_return http::problem(station.error(), context, request.path);
  if (!*station) co_return http::problem(Error{.code = Code::kStationNotFound}, context, request.path);
  co_return Response::json(200, station_view(**station, context.clock->wall()));
}

Task<Response> station_snapshot(Api& api, RequestContext& context, Request& request) {
  auto since = read_integer(request.query, "since", 0, INT64_MAX, 0);
  if (!since) co_return http::problem(since.error(), context, request.path);
  auto limit = read_integer(request.query, "limit", 1, 5000, 1000);
  if (!limit) co_return http::problem(limit.error(), context, request.path);
  auto stations = co_await stations_since(context, api.pool, *since, *limit);
  if (!stations) co_return http::problem(stations.error(), context, request.path);
  std::int64_t version = *since;
  bool more = false;
  json::Array entries;
  for (const Station& station : *stations) {
    more = static_cast<std::int64_t>(entries.size()) >= *limit && station.version > version;
    if (more) break;
    version = std::max(version, station.version);
    entries.push_back(
        json::Object{{"version", station.version}, {"station", station_view(station, context.clock->wall())}});
  }
  co_return Response::json(200, json::Object{{"version", version}, {"more", more}, {"stations", std::move(entries)}});
}

Task<Response> list_my_sessions(Api& api, RequestContext& context, Request& request) {
  auto page = read_session_page(request.query, context.principal.puid);
  if (!page) co_return http::problem(page.error(), context, request.path);
  const std::int64_t limit = page->limit;
  page->limit = limit + 1;  // one more tells whether there is a next page
  auto sessions = co_await list_sessions(context, api.pool, std::move(*page));
  if (!sessions) co_return http::problem(sessions.error(), context, request.path);
  const bool more = static_cast<std::int64_t>(sessions->size()) > limit;
  if (more) sessions->pop_back();
  json::Array views;
  for (const Session& session : *sessions) views.push_back(session_view(session, context.clock->wall()));
  json::Object body{{"sessions", std::move(views)}};
  if (more) body["nextCursor"] = session_cursor(sessions->back());
  co_return http::no_store(Response::json(200, body));
}

Task<Response> get_session(Api& api, RequestContext& context, Request& request) {
  auto id = parse_uuid(request.path_parameters.at("sessionId"));
  if (!id) co_return http::problem(Error{.code = Code::kSessionNotFound}, context, request.path);
  auto session = co_await find_session(context, api.pool, *id);
  if (!session) co_return http::problem(session.error(), context, request.path);
  if (!*session || (*session)->puid != context.principal.puid)
    co_return http::problem(Error{.code = Code::kSessionNotFound}, context, request.path);
  auto timeline = co_await read_timeline(context, api.pool, *id);
  if (!timeline) co_return http::problem(timeline.error(), context, request.path);
  co_return http::no_store(Response::json(200, session_view(**session, *timeline, context.clock->wall())));
}

}  // namespace

void add_routes(http::Router& router, Api& api) {
  http::Operations<Api> operations(router, "charging", api);
  operations.add("listStations", list_stations);
  operations.add("getStation", get_station);
  operations.add("watchStations", watch_stations);
  operations.add("startCharging", start_charging);
  operations.add("stopCharging", stop_charging);
  operations.add("listSessions", list_my_sessions);
  operations.add("getSession", get_session);
  operations.add("watchSession", watch_session);
  operations.add("getStationSnapshot", station_snapshot);
  operations.add("getChargingRecords", charging_records);
  operations.add("countOpenCharges", open_charges);
  operations.add("listOperatorStations", list_operator_stations);
  operations.add("getOperatorStation", get_operator_station);
  operations.add("watchOperatorStations", watch_operator_stations);
  operations.add("listChargingSessions", list_charging_sessions);
  operations.add("getChargingSession", get_charging_session);
}

}  // namespace evc::charging
