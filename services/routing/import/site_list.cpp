#include "services/routing/import/site_list.hpp"

#include <cmath>

#include "kit/base/json.hpp"

namespace evc::routing {
namespace {

struct SiteConnectorRow {
  std::string type;
  std::string current;
  double power_kw = 0;
};
BOOST_DESCRIBE_STRUCT(SiteConnectorRow, (), (type, current, power_kw))

struct SiteRow {
  std::string id, name;
  double lat = 0, lon = 0;
  std::vector<SiteConnectorRow> connectors;
  std::optional<tariff::Tariff> tariff;
};
BOOST_DESCRIBE_STRUCT(SiteRow, (), (id, name, lat, lon, connectors, tariff))

struct SiteFile {
  std::vector<SiteRow> sites;
};
BOOST_DESCRIBE_STRUCT(SiteFile, (), (sites))

Result<roads::ChargingStation> station_of(const SiteRow& row, std::string network) {
  const auto wrong = [&](const std::string& what) {
    return fail(Code::kValidationFailed, "site " + row.id + ": " + what);
  };
  if (row.id.empty() || row.id.size() > 64) return wrong("its id must have 1 to 64 characters");
  if (!(std::abs(row.lat) <= 90 && std::abs(row.lon) <= 180)) return wrong("its position is not on the earth");
  roads::ChargingStation station{
      .id = row.id, .name = row.name, .network = std::move(network), .lat = row.lat, .lon = row.lon};
  station.tariff = row.tariff;
  for (const SiteConnectorRow& connector : row.connectors) {
    if (connector.current != "AC" && connector.current != "DC") return wrong("current must be AC or DC");
    if (!(connector.power_kw >= 1 && connector.power_kw <= 1'000)) return wrong("power must be 1 to 1000 kW");
    station.sockets.push_back(
        {.type = connector.type, .current = connector.current, .power_kw = connector.power_kw, .count = 1});
  }
  return station;
}

// `operator` is a word of C++, so the codec has no member for it.
std::string operator_of(const json::Value& site) {
  const auto* object = site.if_object();
  const auto* name = object != nullptr ? object->if_contains("operator") : nullptr;
  return name != nullptr && name->is_string() ? std::string(name->as_string()) : std::string();
}

}  // namespace

Result<std::vector<roads::ChargingStation>> read_site_list(std::string_view text) {
  EVC_TRY(document, json::parse(text));
  EVC_TRY(file, json::decode<SiteFile>(document, json::Unknown::kIgnore));
  const auto& values = document.as_object().at("sites").as_array();
  std::vector<roads::ChargingStation> stations;
  for (std::size_t i = 0; i < file.sites.size(); ++i) {
    EVC_TRY(station, station_of(file.sites[i], operator_of(values[i])));
    stations.push_back(std::move(station));
  }
  return stations;
}

}  // namespace evc::routing
