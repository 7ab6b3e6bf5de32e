// The door for charge points: wss://host:port/ocpp/<stationId>, HTTP Basic inside TLS, subprotocol ocpp1.6. Everybody
// else gets 401 before the upgrade, and an unknown station looks the same as a wrong password. One per worker.
#pragma once

#include "kit/http/router.hpp"
#include "services/integrations/ocpp/station_connection.hpp"

namespace evc::integrations {

class OcppEndpoint {
 public:
  OcppEndpoint(Worker& worker, StationDirectory& directory, StationMessages& messages, ConnectionLimits limits)
      : worker_(&worker), directory_(&directory), messages_(&messages), limits_(limits) {}

  void add_to(http::Router& router, http::WebSocketOptions options);

 private:
  Task<Result<std::string>> accept(RequestContext& context, http::Request& request);
  Task<> serve(RequestContext& context, http::Request& request, http::WebSocket& socket);

  Worker* worker_;
  StationDirectory* directory_;
  StationMessages* messages_;
  ConnectionLimits limits_;
};

}  // namespace evc::integrations
