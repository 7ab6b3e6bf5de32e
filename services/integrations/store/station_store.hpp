// Stations and their connectors in PostgreSQL: who may connect, who is connected, what each connector said last.
// Free functions; `transaction` is the caller's, so that a change and its event commit together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/integrations/domain/ocpp/messages.hpp"
#include "services/integrations/domain/site_list.hpp"

namespace evc::integrations::store {

struct ProvisionedStation {
  Site site;
  std::string password_sha256;  // 32 bytes
};
// Adds what is new and updates name, connectors and password of what is known; nothing is removed. Returns the number
// of rows changed.
Task<Result<std::int64_t>> provision(RequestContext& context, postgres::Pool& pool,
                                     std::vector<ProvisionedStation> stations);

// The SHA-256 of the station's password; nothing for an unknown station.
Task<Result<std::optional<std::string>>> password_sha256(RequestContext& context, postgres::Pool& pool,
                                                         std::string station_id);

struct StationRow {
  bool connected = false;
  bool registered = false;  // stationRegistered was published once
  std::vector<SiteConnector> connectors;
};
Task<Result<std::optional<StationRow>>> find_station(RequestContext& context, postgres::Pool& pool,
                                                     std::string station_id);
// The same with the row locked, which orders everything that is said about the station.
Task<Result<std::optional<StationRow>>> lock_station(RequestContext& context, postgres::Transaction& transaction,
                                                     std::string station_id);

Task<Result<void>> set_connected(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                                 Uuid connection_id);
// False when another connection has taken the station over meanwhile: then it is not offline.
Task<Result<bool>> set_disconnected(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                                    Uuid connection_id);
Task<Result<void>> set_booted(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                              ocpp::BootNotification boot);
Task<Result<void>> set_registered(RequestContext& context, postgres::Transaction& transaction, std::string station_id);

// True when status or error code differ from what was known.
Task<Result<bool>> set_connector_status(RequestContext& context, postgres::Transaction& transaction,
                                        std::string station_id, ocpp::StatusNotification status, WallTime at);
// Marks all connectors as Offline; returns those that were not yet.
Task<Result<std::vector<std::int64_t>>> set_connectors_offline(RequestContext& context,
                                                               postgres::Transaction& transaction,
                                                               std::string station_id, std::string reason, WallTime at);

struct StationFigures {
  std::int64_t connected = 0;
  std::int64_t offline = 0;  // connected once, not now
  std::int64_t never = 0;    // provisioned, never seen
  std::vector<std::pair<std::string, std::int64_t>>
      connectors_by_status;  // connector 0 is the station itself: left out
};
Task<Result<StationFigures>> station_figures(RequestContext& context, postgres::Pool& pool);

struct OpenConnection {
  std::string station_id;
  Uuid connection_id;
};
// What a process that ended without a word left behind.
Task<Result<std::vector<OpenConnection>>> open_connections(RequestContext& context, postgres::Pool& pool);

}  // namespace evc::integrations::store
