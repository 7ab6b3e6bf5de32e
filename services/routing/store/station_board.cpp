#include "services/routing/store/station_board.hpp"

#include <algorithm>
#include <boost/describe.hpp>
#include <vector>

namespace evc::routing {
namespace {

struct ConnectorRow {
  std::int64_t connector_id = 0;
  std::string status;
  std::optional<std::int64_t> status_age_seconds;
};
BOOST_DESCRIBE_STRUCT(ConnectorRow, (), (connector_id, status, status_age_seconds))

struct StationRow {
  std::string station_id;
  std::string status;
  std::optional<std::int64_t> status_age_seconds;
  std::vector<ConnectorRow> connectors;
};
BOOST_DESCRIBE_STRUCT(StationRow, (), (station_id, status, status_age_seconds, connectors))

struct VersionedStation {
  std::int64_t version = 0;
  StationRow station;
};
BOOST_DESCRIBE_STRUCT(VersionedStation, (), (version, station))

struct Page {
  std::int64_t version = 0;
  bool more = false;
  std::vector<VersionedStation> stations;
};
BOOST_DESCRIBE_STRUCT(Page, (), (version, more, stations))

// The connector states of the contract as what matters to a driver on the way.
std::string advice_of(const std::string& connector) {
  if (connector == "available") return "available";
  if (connector == "offline" || connector == "unknown") return connector;
  if (connector == "unavailable" || connector == "faulted") return "unavailable";
  return "occupied";
}

}  // namespace

Result<bool> StationBoard::apply(const json::Value& page, WallTime received) {
  EVC_TRY(read, json::decode<Page>(page, json::Unknown::kIgnore));
  for (VersionedStation& row : read.stations) {
    Entry entry{
        .status = row.station.status, .age_seconds = row.station.status_age_seconds.value_or(0), .received = received};
    for (ConnectorRow& connector : row.station.connectors) {
      const std::int64_t age = connector.status_age_seconds.value_or(entry.age_seconds);
      entry.connectors[connector.connector_id] = {std::move(connector.status), age};
    }
    stations_.insert_or_assign(row.station.station_id, std::move(entry));
  }
  version_ = std::max(version_, read.version);
  return read.more;
}

StationAdvice StationBoard::advice(const std::string& station, std::int64_t connector, WallTime now) const {
  const auto found = stations_.find(station);
  if (found == stations_.end() || found->second.status == "unknown") return {};
  const Entry& entry = found->second;
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(now - entry.received).count();
  StationAdvice advice{.age_seconds = entry.age_seconds + std::max<std::int64_t>(0, since)};
  const auto state = entry.connectors.find(connector);
  if (entry.status == "offline") {
    advice.status = "offline";
  } else if (state != entry.connectors.end()) {
    advice.status = advice_of(state->second.status);
    advice.age_seconds = state->second.age_seconds + std::max<std::int64_t>(0, since);
  }
  return advice;
}

}  // namespace evc::routing
