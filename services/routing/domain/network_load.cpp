// Network::load: the shipped CSV and JSON texts into places, arcs and sites.
#include <algorithm>
#include <map>

#include "kit/base/csv.hpp"
#include "kit/base/json.hpp"
#include "services/routing/domain/network.hpp"

namespace evc::routing {
namespace {

struct SiteRow {
  std::string id, name;
  std::string operator_name;
  double lat = 0, lon = 0;
  std::string place_id, state;
  std::vector<SiteConnector> connectors;
  tariff::Tariff tariff;
};

BOOST_DESCRIBE_STRUCT(SiteRow, (), (id, name, operator_name, lat, lon, place_id, state, connectors, tariff))

// "arcs.csv:7: not a number: fast" of the pointer "/7".
std::unexpected<Error> in_file(std::string_view name, const Error& error) {
  std::string detail(name);
  for (const FieldError& field : error.fields) {
    std::string line = field.pointer;
    std::ranges::replace(line, '/', ':');
    detail += line + ": " + field.detail;
  }
  return fail(error.code, detail);
}

Result<std::vector<Place>> read_places(std::string_view text) {
  EVC_TRY(table, CsvTable::read(text, "id,name,state,lat,lon,elevationM,elevationStatus,population,positionStatus"));
  std::vector<Place> places;
  for (std::size_t row = 0; row < table.size(); ++row) {
    EVC_TRY(lat, table.number(row, 3));
    EVC_TRY(lon, table.number(row, 4));
    EVC_TRY(elevation, table.number(row, 5));
    EVC_TRY(population, table.number(row, 7));
    places.push_back({.id = std::string(table.text(row, 0)),
                      .name = std::string(table.text(row, 1)),
                      .state = std::string(table.text(row, 2)),
                      .position = {lat, lon},
                      .elevation_m = elevation,
                      .population = static_cast<std::int64_t>(population),
                      .kind = population > 0 ? Place::Kind::kTown : Place::Kind::kJunction});
  }
  return places;
}

Result<std::vector<Arc>> read_arcs(std::string_view text, const std::map<std::string, NodeId>& nodes,
                                   std::vector<std::string>& roads) {
  EVC_TRY(table, CsvTable::read(text, "from,to,road,class,terrain,km,kmh,climbM,descentM"));
  std::map<std::string, std::uint32_t> road_index;
  std::vector<Arc> arcs;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto from = nodes.find(std::string(table.text(row, 0))), to = nodes.find(std::string(table.text(row, 1)));
    if (from == nodes.end() || to == nodes.end()) return fail_field(table.pointer(row), "unknown place");
    EVC_TRY(km, table.number(row, 5));
    EVC_TRY(kmh, table.number(row, 6));
    EVC_TRY(climb, table.number(row, 7));
    EVC_TRY(descent, table.number(row, 8));
    const auto [road, fresh] =
        road_index.emplace(std::string(table.text(row, 2)), static_cast<std::uint32_t>(roads.size()));
    if (fresh) roads.push_back(road->first);
    const Arc there{.from = from->second,
                    .to = to->second,
                    .length_m = km * 1000,
                    .speed_mps = kmh / 3.6,
                    .climb_m = climb,
                    .descent_m = descent,
                    .road = road->second};
    Arc back = there;
    std::swap(back.from, back.to);
    std::swap(back.climb_m, back.descent_m);
    arcs.push_back(there);
    arcs.push_back(back);
  }
  return arcs;
}

Result<std::vector<Site>> read_sites(std::string_view text, const std::map<std::string, NodeId>& nodes) {
  EVC_TRY(document, json::parse(text));
  const auto* root = document.if_object();
  const auto* rows = root != nullptr && root->contains("sites") ? root->at("sites").if_array() : nullptr;
  if (rows == nullptr) return fail(Code::kValidationFailed, "sites.json: an object with the array `sites` is expected");
  std::vector<Site> sites;
  for (const json::Value& value : *rows) {
    json::Value row_value = value;
    auto* row = row_value.if_object();
    if (row == nullptr || !row->contains("operator"))
      return fail(Code::kValidationFailed, "sites.json: a site without `operator`");
    // `operator` is a C++ keyword, so the codec cannot name a member so.
    row->emplace("operatorName", row->at("operator"));
    row->erase("operator");
    EVC_TRY(site, json::decode<SiteRow>(row_value));
    const auto node = nodes.find(site.place_id);
    if (node == nodes.end())
      return fail(Code::kValidationFailed, "sites.json: " + site.id + ": unknown place " + site.place_id);
    sites.push_back({.id = site.id,
                     .name = site.name,
                     .network = site.operator_name,
                     .position = {site.lat, site.lon},
                     .node = node->second,
                     .connectors = std::move(site.connectors),
                     .tariff = site.tariff});
  }
  return sites;
}

}  // namespace

Result<Network> Network::load(const NetworkTexts& texts) {
  auto read = read_places(texts.places);
  if (!read) return in_file("places.csv", read.error());
  std::vector<Place>& places = *read;
  std::map<std::string, NodeId> nodes;
  for (const Place& place : places) nodes.emplace(place.id, static_cast<NodeId>(nodes.size()));
  std::vector<std::string> roads;
  auto arcs = read_arcs(texts.arcs, nodes, roads);
  if (!arcs) return in_file("arcs.csv", arcs.error());
  EVC_TRY(sites, read_sites(texts.sites, nodes));
  return build(std::move(places), std::move(*arcs), std::move(roads), std::move(sites));
}

}  // namespace evc::routing
