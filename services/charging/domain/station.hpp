// A charging site with its connectors, and the filters of GET /stations, pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/tariff/tariff.hpp"

namespace evc::charging {

struct Connector {
  std::int64_t id = 0;
  std::string type;
  std::int64_t max_power_w = 0;
  std::string status = "unknown";  // ConnectorStatus of contracts/http/shared.yaml
  std::optional<WallTime> status_at;
};

struct Station {
  std::string id, name;
  std::optional<std::string> network;
  double lat = 0, lon = 0;
  tariff::Tariff tariff;
  std::string status = "unknown";  // online, offline, unknown
  std::optional<WallTime> status_at;
  std::int64_t version = 0;
  std::vector<Connector> connectors;
};

struct Box {
  double min_lon = -180, min_lat = -90, max_lon = 180, max_lat = 90;
  bool contains(double lat, double lon) const {
    return lat >= min_lat && lat <= max_lat && lon >= min_lon && lon <= max_lon;
  }
};

struct StationFilter {
  std::optional<std::string> connector_type;
  std::optional<double> min_power_kw;
  bool only_available = false;
};
bool matches(const Station& station, const StationFilter& filter);

// Great-circle distance on a sphere of 6,371 km (haversine).
double distance_km(double lat1, double lon1, double lat2, double lon2);

// Why a charge cannot start there now; nullopt: it can.
std::optional<Error> start_obstacle(const Station& station, std::int64_t connector_id);

}  // namespace evc::charging
