#include "services/charging/domain/station.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace evc::charging {
namespace {

constexpr double kEarthRadiusKm = 6371.0;

double radians(double degrees) {
  return degrees * std::numbers::pi / 180.0;
}

// A cable may already be in: stations report that as preparing. The tail of the last charge (finishing) clears by
// itself.
bool free_for_a_start(const std::string& status) {
  return status == "available" || status == "preparing";
}

}  // namespace

bool matches(const Station& station, const StationFilter& filter) {
  return std::ranges::any_of(station.connectors, [&](const Connector& connector) {
    if (filter.connector_type && connector.type != *filter.connector_type) return false;
    if (filter.min_power_kw && static_cast<double>(connector.max_power_w) < *filter.min_power_kw * 1000.0) return false;
    return !filter.only_available || connector.status == "available";
  });
}

double distance_km(double lat1, double lon1, double lat2, double lon2) {
  const double half_lat = std::sin(radians(lat2 - lat1) / 2);
  const double half_lon = std::sin(radians(lon2 - lon1) / 2);
  const double chord = half_lat * half_lat + std::cos(radians(lat1)) * std::cos(radians(lat2)) * half_lon * half_lon;
  return 2 * kEarthRadiusKm * std::asin(std::min(1.0, std::sqrt(chord)));
}

std::optional<Error> start_obstacle(const Station& station, std::int64_t connector_id) {
  const auto connector = std::ranges::find(station.connectors, connector_id, &Connector::id);
  if (connector == station.connectors.end()) return Error{.code = Code::kConnectorNotFound};
  if (station.status != "online" || connector->status == "offline") return Error{.code = Code::kStationOffline};
  if (!free_for_a_start(connector->status))
    return Error{.code = Code::kConnectorUnavailable, .detail = "the connector is " + connector->status};
  return std::nullopt;
}

}  // namespace evc::charging
