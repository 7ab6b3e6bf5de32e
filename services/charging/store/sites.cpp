#include "services/charging/store/sites.hpp"

#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "kit/base/json.hpp"

namespace evc::charging {
namespace {

struct SiteConnector {
  std::int64_t id = 0;
  std::string type;
  double power_kw = 0;
};
BOOST_DESCRIBE_STRUCT(SiteConnector, (), (id, type, power_kw))

struct Site {
  std::string id, name;
  double lat = 0, lon = 0;
  std::vector<SiteConnector> connectors;
  tariff::Tariff tariff;
};
BOOST_DESCRIBE_STRUCT(Site, (), (id, name, lat, lon, connectors, tariff))

struct SiteFile {
  std::vector<Site> sites;
};
BOOST_DESCRIBE_STRUCT(SiteFile, (), (sites))

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read the charging sites: " + file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Station station_of(const Site& site, const json::Value& raw) {
  Station station{.id = site.id, .name = site.name, .lat = site.lat, .lon = site.lon, .tariff = site.tariff};
  // `operator` is a word of C++, so this one member is read by hand.
  const auto* network = raw.as_object().if_contains("operator");
  if (network != nullptr && network->is_string()) station.network = std::string(network->get_string());
  for (const SiteConnector& connector : site.connectors) {
    station.connectors.push_back(
        {.id = connector.id, .type = connector.type, .max_power_w = std::llround(connector.power_kw * 1000.0)});
  }
  return station;
}

}  // namespace

std::vector<Station> load_sites(const std::string& file) {
  const auto parsed = json::parse(read_file(file));
  if (!parsed) throw std::runtime_error(file + ": " + parsed.error().detail);
  const auto decoded = json::decode<SiteFile>(*parsed, json::Unknown::kIgnore);
  if (!decoded) {
    const auto& fields = decoded.error().fields;
    throw std::runtime_error(
        file + ": " + (fields.empty() ? decoded.error().detail : fields.front().pointer + " " + fields.front().detail));
  }
  const auto& raw = parsed->as_object().at("sites").as_array();
  std::vector<Station> stations;
  for (std::size_t i = 0; i < decoded->sites.size(); ++i) stations.push_back(station_of(decoded->sites[i], raw[i]));
  return stations;
}

}  // namespace evc::charging
