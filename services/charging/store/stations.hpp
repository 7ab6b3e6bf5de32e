// Stations and connectors as drivers see them: sites of the shipped network, status from integration.events, and a
// version per station that grows with each change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/charging/domain/station.hpp"

namespace evc::charging {

// Adds or corrects sites; status stays. One transaction.
Task<Result<void>> upsert_sites(RequestContext& context, postgres::Pool& pool, std::vector<Station> sites);

Task<Result<std::optional<Station>>> find_station(RequestContext& context, postgres::Pool& pool, std::string id);

// Within the box, by id, after the cursor. The caller filters and sorts by distance.
Task<Result<std::vector<Station>>> stations_in_box(RequestContext& context, postgres::Pool& pool, Box box);
// In order of version. The last 256 versions are always repeated: concurrent commits may show a version after a higher
// one.
Task<Result<std::vector<Station>>> stations_since(RequestContext& context, postgres::Pool& pool, std::int64_t since,
                                                  std::int64_t limit);

struct ConnectorFact {
  std::string station_id;
  std::int64_t connector_id = 0;  // 0: the station and all its connectors
  std::string status;
  WallTime at{};
};
// False when nothing changed (an older fact, the same status) or the station is unknown.
Task<Result<bool>> apply_connector_status(RequestContext& context, postgres::Transaction& transaction,
                                          ConnectorFact fact);
// A station that is not of the shipped network (its name is its id, its price the default one) or new connectors of a
// known one.
Task<Result<void>> register_station(RequestContext& context, postgres::Transaction& transaction, Station station,
                                    WallTime at);

}  // namespace evc::charging
