#include "services/charging/api/operations.hpp"

#include <algorithm>

#include "kit/base/bytes.hpp"
#include "kit/http/operation.hpp"
#include "kit/http/page.hpp"
#include "kit/messaging/told_events.hpp"
#include "services/charging/api/operator_views.hpp"
#include "services/charging/store/sessions.hpp"
#include "services/charging/store/stations.hpp"

namespace evc::charging {
namespace {

using http::Request;
using http::Response;

constexpr std::size_t kTraceDigits = 32;

bool hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::optional<std::string>> read_station_status(const http::Query& query) {
  const auto status = query.get("status");
  if (!status) return std::nullopt;
  if (*status != "online" && *status != "offline" && *status != "unknown")
    return fail_field("?status", "online, offline or unknown");
  return std::string(*status);
}

Result<SessionSearch> read_search(const Request& request) {
  EVC_TRY(limit, http::read_page_limit(request));
  EVC_TRY(after, http::read_page_cursor(request));
  SessionSearch search{.after = after, .limit = limit};
  const auto text_of = [&request](std::string_view name) -> std::optional<std::string> {
    const auto text = request.query.get(name);
    return text ? std::optional(std::string(*text)) : std::nullopt;
  };
  search.state = text_of("state");
  if (search.state && !state_from_name(*search.state)) return fail_field("?state", "not a state of a session");
  if (const auto live = request.query.get("live")) {
    if (*live != "true" && *live != "false") return fail_field("?live", "true or false");
    search.life = *live == "true" ? SessionSearch::Life::kLive : SessionSearch::Life::kOver;
  }
  search.station_id = text_of("stationId");
  search.puid = text_of("userId");
  search.trace_id = text_of("supportCode");
  if (search.trace_id && (search.trace_id->size() != kTraceDigits || !hexadecimal(*search.trace_id)))
    return fail_field("?supportCode", "32 hexadecimal digits");
  return search;
}

Task<Result<Response>> session_page(Api& api, RequestContext& context, Request& request) {
  EVC_CO_TRY(search, read_search(request));
  const auto limit = static_cast<std::size_t>(search.limit);
  EVC_CO_TRY(sessions, co_await search_sessions(context, api.pool, std::move(search)));
  const bool more = sessions.size() > limit;
  if (more) sessions.resize(limit);
  json::Array views;
  for (const Session& session : sessions) views.push_back(operator_session(session));
  json::Object body{{"sessions", std::move(views)}};
  if (more) body["nextCursor"] = http::page_cursor(sessions.back().created_at, sessions.back().id);
  co_return http::no_store(Response::json(200, body));
}

Task<Result<Response>> whole_session(Api& api, RequestContext& context, Request& request) {
  const auto id = parse_uuid(request.path_parameters.at("sessionId"));
  if (!id) co_return fail(Code::kSessionNotFound);
  EVC_CO_TRY(session, co_await find_session(context, api.pool, *id));
  if (!session) co_return fail(Code::kSessionNotFound);
  EVC_CO_TRY(timeline, co_await read_timeline(context, api.pool, *id));
  EVC_CO_TRY(events, co_await messaging::told_events(context, api.pool, "charging.events", to_string(*id)));
  co_return http::no_store(Response::json(200, json::Object{{"session", operator_session(*session)},
                                                            {"timeline", timeline_view(timeline)},
                                                            {"saga", saga_view(*session)},
                                                            {"events", std::move(events)}}));
}

Task<Result<Response>> station_page(Api& api, RequestContext& context, Request& request) {
  EVC_CO_TRY(query, read_station_query(request.query));
  EVC_CO_TRY(status, read_station_status(request.query));
  EVC_CO_TRY(stations, co_await stations_in_box(context, api.pool, query.box.value_or(Box{})));
  EVC_CO_TRY(charges, co_await charges_on_connectors(context, api.pool));
  std::erase_if(stations, [&](const Station& station) {
    return station.id <= query.after || (status && station.status != *status);
  });
  const std::size_t count = std::min(stations.size(), static_cast<std::size_t>(query.limit));
  json::Array views;
  for (std::size_t i = 0; i < count; ++i) views.push_back(operator_station(stations[i], charges));
  json::Object body{{"stations", std::move(views)}};
  if (count < stations.size()) body["nextCursor"] = base64url_encode(stations[count - 1].id);
  co_return http::no_store(Response::json(200, body));
}

Task<Result<Response>> one_station(Api& api, RequestContext& context, Request& request) {
  EVC_CO_TRY(station, co_await find_station(context, api.pool, request.path_parameters.at("stationId")));
  if (!station) co_return fail(Code::kStationNotFound);
  EVC_CO_TRY(charges, co_await charges_on_connectors(context, api.pool));
  co_return http::no_store(Response::json(200, operator_station(*station, charges)));
}

Response told(Result<Response> answer, const RequestContext& context, const Request& request) {
  return answer ? std::move(*answer) : http::problem(answer.error(), context, request.path);
}

}  // namespace

Task<Response> list_operator_stations(Api& api, RequestContext& context, Request& request) {
  auto answer = co_await station_page(api, context, request);
  co_return told(std::move(answer), context, request);
}

Task<Response> get_operator_station(Api& api, RequestContext& context, Request& request) {
  auto answer = co_await one_station(api, context, request);
  co_return told(std::move(answer), context, request);
}

Task<Response> list_charging_sessions(Api& api, RequestContext& context, Request& request) {
  auto answer = co_await session_page(api, context, request);
  co_return told(std::move(answer), context, request);
}

Task<Response> get_charging_session(Api& api, RequestContext& context, Request& request) {
  auto answer = co_await whole_session(api, context, request);
  co_return told(std::move(answer), context, request);
}

}  // namespace evc::charging
