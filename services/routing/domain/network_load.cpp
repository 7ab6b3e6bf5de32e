// Network::load: the shipped CSV and JSON texts into places, arcs and sites.
#include <charconv>
#include <map>

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

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// A CSV without quoting: the header must be exactly the expected one; each row has as many fields.
class Table {
 public:
  static Result<Table> read(std::string_view name, std::string_view text, std::string_view header) {
    Table table;
    table.name_ = name;
    for (std::string_view line : split(text, '\n')) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (table.lines_++ == 0) {
        if (line != header)
          return fail(Code::kValidationFailed, table.name_ + ": the first line must be " + std::string(header));
        continue;
      }
      if (line.empty()) continue;
      table.rows_.push_back(split(line, ','));
      if (table.rows_.back().size() != split(header, ',').size() || line.contains('"')) {
        return fail(Code::kValidationFailed,
                    table.name_ + ":" + std::to_string(table.lines_) + ": wrong number of fields, or quotes");
      }
    }
    return table;
  }
  std::size_t size() const { return rows_.size(); }
  std::string text(std::size_t row, std::size_t column) const { return std::string(rows_[row][column]); }
  Result<double> number(std::size_t row, std::size_t column) const {
    const std::string_view field = rows_[row][column];
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size())
      return fail(Code::kValidationFailed, where(row) + ": not a number: " + std::string(field));
    return value;
  }
  std::string where(std::size_t row) const { return name_ + ":" + std::to_string(row + 2); }

 private:
  std::string name_;
  std::size_t lines_ = 0;
  std::vector<std::vector<std::string_view>> rows_;
};

Result<std::vector<Place>> read_places(std::string_view text) {
  EVC_TRY(table, Table::read("places.csv", text,
                             "id,name,state,lat,lon,elevationM,elevationStatus,population,positionStatus"));
  std::vector<Place> places;
  for (std::size_t row = 0; row < table.size(); ++row) {
    EVC_TRY(lat, table.number(row, 3));
    EVC_TRY(lon, table.number(row, 4));
    EVC_TRY(elevation, table.number(row, 5));
    EVC_TRY(population, table.number(row, 7));
    places.push_back({.id = table.text(row, 0),
                      .name = table.text(row, 1),
                      .state = table.text(row, 2),
                      .position = {lat, lon},
                      .elevation_m = elevation,
                      .population = static_cast<std::int64_t>(population),
                      .kind = population > 0 ? Place::Kind::kTown : Place::Kind::kJunction});
  }
  return places;
}

Result<std::vector<Arc>> read_arcs(std::string_view text, const std::map<std::string, NodeId>& nodes,
                                   std::vector<std::string>& roads) {
  EVC_TRY(table, Table::read("arcs.csv", text, "from,to,road,class,terrain,km,kmh,climbM,descentM"));
  std::map<std::string, std::uint32_t> road_index;
  std::vector<Arc> arcs;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto from = nodes.find(table.text(row, 0)), to = nodes.find(table.text(row, 1));
    if (from == nodes.end() || to == nodes.end())
      return fail(Code::kValidationFailed, table.where(row) + ": unknown place");
    EVC_TRY(km, table.number(row, 5));
    EVC_TRY(kmh, table.number(row, 6));
    EVC_TRY(climb, table.number(row, 7));
    EVC_TRY(descent, table.number(row, 8));
    const auto [road, fresh] = road_index.emplace(table.text(row, 2), static_cast<std::uint32_t>(roads.size()));
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
  EVC_TRY(places, read_places(texts.places));
  std::map<std::string, NodeId> nodes;
  for (const Place& place : places) nodes.emplace(place.id, static_cast<NodeId>(nodes.size()));
  std::vector<std::string> roads;
  EVC_TRY(arcs, read_arcs(texts.arcs, nodes, roads));
  EVC_TRY(sites, read_sites(texts.sites, nodes));
  return build(std::move(places), std::move(arcs), std::move(roads), std::move(sites));
}

}  // namespace evc::routing
