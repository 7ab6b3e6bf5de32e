#include "services/integrations/ocpp/ocpp_endpoint.hpp"

#include "kit/base/bytes.hpp"
#include "kit/telemetry/log.hpp"
#include "services/integrations/domain/station_credentials.hpp"

namespace evc::integrations {
namespace {

constexpr std::string_view kSubprotocol = "ocpp1.6";

bool offers(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto one = list.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == wanted) return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

}  // namespace

void OcppEndpoint::add_to(http::Router& router, http::WebSocketOptions options) {
  router.add_websocket(
      "/ocpp/{stationId}", [this](RequestContext& context, http::Request& request) { return accept(context, request); },
      [this](RequestContext& context, http::Request& request, http::WebSocket& socket) {
        return serve(context, request, socket);
      },
      options);
}

Task<Result<std::string>> OcppEndpoint::accept(RequestContext& context, http::Request& request) {
  const auto station_id = request.path_parameter("stationId");
  if (!station_id) co_return std::unexpected(station_id.error());
  const auto header = request.headers.get("authorization");
  const auto credentials = header ? parse_basic(*header) : std::nullopt;
  if (!credentials || credentials->user != *station_id) co_return fail(Code::kUnauthenticated);
  EVC_CO_TRY(expected, co_await store::password_sha256(context, messages_->pool(), std::string(*station_id)));
  if (!expected || !equal_constant_time(*expected, password_digest(credentials->password.reveal()))) {
    EVC_LOG(kWarn, context.trace, "A charge point was refused",
            {{telemetry::key::kReason, expected ? "password" : "unknown station"}});
    co_return fail(Code::kUnauthenticated);
  }
  if (!offers(request.headers.get("sec-websocket-protocol").value_or(""), kSubprotocol))
    co_return fail(Code::kBadRequest, "the subprotocol ocpp1.6 is required");
  co_return std::string(kSubprotocol);
}

Task<> OcppEndpoint::serve(RequestContext& context, http::Request& request, http::WebSocket& socket) {
  const std::string station_id(request.path_parameters.at("stationId"));
  const auto connection = std::make_shared<StationConnection>(*worker_, *directory_, *messages_, limits_, station_id);
  co_await connection->serve(context, socket);
}

}  // namespace evc::integrations
