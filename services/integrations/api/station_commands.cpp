#include "services/integrations/api/station_commands.hpp"

#include <algorithm>

#include "kit/base/crash_point.hpp"
#include "kit/http/operation.hpp"
#include "services/integrations/store/command_store.hpp"
#include "services/integrations/store/station_store.hpp"

namespace evc::integrations {
namespace {

constexpr std::chrono::seconds kCommandLimit{30};

json::Object view_json(const store::CommandView& command) {
  json::Object view{{"commandId", to_string(command.command_id)},
                    {"stationId", command.station_id},
                    {"command", command.kind},
                    {"state", command.state},
                    {"createdAt", format_rfc3339(command.created_at)}};
  if (command.connector_id > 0) view["connectorId"] = command.connector_id;
  if (command.detail) view["detail"] = *command.detail;
  if (command.finished_at) view["finishedAt"] = format_rfc3339(*command.finished_at);
  return view;
}

// A station whose connectors are known takes commands for those only.
bool has_connector(const store::StationRow& station, std::int64_t connector_id) {
  return station.connectors.empty() ||
         std::ranges::find(station.connectors, connector_id, &SiteConnector::id) != station.connectors.end();
}

}  // namespace

void StationCommands::add_to(http::Router& router) {
  http::add_operation(router, "integrations", "sendStationCommand",
                      [this](RequestContext& context, http::Request& request) { return send(context, request); });
  http::add_operation(router, "integrations", "getStationCommand",
                      [this](RequestContext& context, http::Request& request) { return find(context, request); });
}

Task<http::Response> StationCommands::send(RequestContext& context, http::Request& request) {
  auto body = http::body_as<ocpp::OperatorCommand>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto planned = ocpp::plan(*body);
  if (!planned) co_return http::problem(planned.error(), context, request.path);
  auto response = co_await send_once(context, request, std::move(*body), std::move(*planned));
  co_return http::response_or_problem(std::move(response), context, request.path);
}

Task<Result<http::Response>> StationCommands::send_once(RequestContext& context, http::Request& request,
                                                        ocpp::OperatorCommand body, ocpp::PlannedCall planned) {
  EVC_CO_TRY(station_id, request.path_parameter("stationId"));
  EVC_CO_TRY(key, http::idempotency_key(request));
  const auto idempotent = messaging::idempotent_request(context, request, key);
  EVC_CO_TRY(decision, co_await idempotency_.begin(context, idempotent));
  if (decision.response) co_return std::move(*decision.response);
  auto written = co_await write(context, idempotent, std::string(station_id), std::move(body), std::move(planned));
  if (!written) {
    // Nothing happened: the same key may be tried again, e.g. when the station is back.
    static_cast<void>(co_await idempotency_.release(context, idempotent));
    co_return written;
  }
  nudge_();
  co_return written;
}

Task<Result<http::Response>> StationCommands::write(RequestContext& context, messaging::IdempotentRequest key,
                                                    std::string station_id, ocpp::OperatorCommand body,
                                                    ocpp::PlannedCall planned) {
  EVC_CO_TRY(station, co_await store::find_station(context, *pool_, station_id));
  if (!station) co_return fail(Code::kStationNotFound);
  if (body.connector_id && !has_connector(*station, *body.connector_id)) co_return fail(Code::kConnectorNotFound);
  if (!station->connected) co_return fail(Code::kStationOffline);
  const auto now = context.clock->wall();
  store::CommandDraft draft{.command_id = uuid_v7(),
                            .station_id = station_id,
                            .connector_id = body.connector_id.value_or(0),
                            .kind = planned.kind,
                            .payload = std::move(planned.payload),
                            .reason = body.reason,
                            .requested_by = context.principal.puid,
                            .trace = context.trace,
                            .expires_at = now + kCommandLimit};
  const store::CommandView view{.command_id = draft.command_id,
                                .station_id = station_id,
                                .connector_id = draft.connector_id,
                                .kind = std::string(ocpp::name_of(draft.kind)),
                                .state = "pending",
                                .created_at = now};
  auto response = http::Response::json(202, view_json(view));
  response.headers.set("location", "/operations/stations/" + station_id + "/commands/" + to_string(draft.command_id));
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_CHECK(co_await store::insert_command(context, transaction, std::move(draft)));
  EVC_CO_CHECK(co_await idempotency_.complete(context, transaction, key, response));
  EVC_CO_CHECK(EVC_STEP("integrations.command.write", co_await transaction.commit(context)));
  co_return response;
}

Task<http::Response> StationCommands::find(RequestContext& context, http::Request& request) {
  const auto station_id = request.path_parameter("stationId");
  const auto command_id = request.path_parameter("commandId");
  if (!station_id || !command_id) co_return http::problem({.code = Code::kNotFound}, context, request.path);
  const auto id = parse_uuid(*command_id);
  if (!id) co_return http::problem({.code = Code::kNotFound}, context, request.path);
  auto command = co_await store::find_command(context, *pool_, std::string(*station_id), *id);
  if (!command) co_return http::problem(command.error(), context, request.path);
  if (!*command) co_return http::problem({.code = Code::kNotFound}, context, request.path);
  co_return http::Response::json(200, view_json(**command));
}

}  // namespace evc::integrations
