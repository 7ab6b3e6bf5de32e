#include "services/routing/import/osm_map.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "services/routing/import/charging_tags.hpp"
#include "services/routing/import/osm_passes.hpp"
#include "services/routing/import/point_tags.hpp"

namespace evc::routing {
namespace {

// Extracts end at borders, and their ways may go on beyond them; a file that lacks more is cut off.
constexpr double kMostMissing = 0.3;
constexpr double kFerryKmh = 15;

class MapMaker {
 public:
  explicit MapMaker(const std::function<void(std::string_view)>& progress) : progress_(progress) {}

  Result<OsmMap> run(const std::string& path) {
    progress_("reading ways");
    EVC_TRY(ways, read_ways(path, [this](const std::string& name) { return name_of(name); }));
    map_.timestamp = ways.timestamp;
    if (ways.ways.empty()) return fail(Code::kValidationFailed, path + " holds no road that a car may take");
    std::vector<std::int64_t> ids = ways.nodes;
    for (const MarkedWay& way : ways.marked) ids.insert(ids.end(), way.nodes.begin(), way.nodes.end());
    const NodeNumbers numbers(std::move(ids));
    progress_("reading " + std::to_string(numbers.size()) + " nodes of " + std::to_string(ways.ways.size()) + " roads");
    EVC_TRY(nodes, read_nodes(path, numbers, [this](std::int64_t id, roads::Point point, const Tags& tags) {
              add_object(tags, "osm:node/", id, point);
            }));
    map_.roads.nodes = std::move(nodes);
    join(ways, numbers);
    if (static_cast<double>(map_.missing_nodes) > kMostMissing * static_cast<double>(ways.nodes.size())) {
      return fail(Code::kValidationFailed, path + " is cut off: " + std::to_string(map_.missing_nodes) + " of the " +
                                               std::to_string(ways.nodes.size()) +
                                               " nodes that its roads name are not in it");
    }
    for (const MarkedWay& way : ways.marked) add_marked(way, numbers);
    add_turns(ways, numbers);
    return std::move(map_);
  }

 private:
  std::uint32_t name_of(const std::string& name) {
    const auto [found, fresh] = names_.emplace(name, 0);
    if (fresh) found->second = map_.roads.add_name(name);
    return found->second;
  }

  bool located(std::uint32_t node) const { return map_.roads.nodes[node].point.lat_e7 != kNotLocated; }

  // Ways get the numbers of their nodes; where nodes are not in the file, the first run that is there stays.
  void join(const OsmWays& ways, const NodeNumbers& numbers) {
    roads::RawRoads& raw = map_.roads;
    raw.refs.reserve(ways.nodes.size());
    for (std::size_t i = 0; i < ways.ways.size(); ++i) {
      const std::size_t end = i + 1 < ways.ways.size() ? ways.ways[i + 1].first_ref : ways.nodes.size();
      roads::RawWay way = ways.ways[i];
      const std::size_t begin = raw.refs.size();
      bool over = false;
      for (std::size_t ref = ways.ways[i].first_ref; ref < end; ++ref) {
        const std::uint32_t node = *numbers.find(ways.nodes[ref]);
        if (!located(node)) {
          ++map_.missing_nodes;
          over = raw.refs.size() >= begin + 2;
          if (!over) raw.refs.resize(begin);
        } else if (!over && (raw.refs.size() == begin || raw.refs.back() != node)) {
          raw.refs.push_back(node);
        }
      }
      if (raw.refs.size() < begin + 2) {
        raw.refs.resize(begin);
        continue;
      }
      way.first_ref = static_cast<std::uint32_t>(begin);
      raw.ways.push_back(way);
    }
    for (std::uint32_t way = 0; way < raw.ways.size(); ++way) set_ferry_time(way);
  }

  void set_ferry_time(std::uint32_t index) {
    roads::RawWay& way = map_.roads.ways[index];
    if ((way.flags & roads::kRawFerry) == 0 || way.ferry_ms > 0) return;
    double metres = 0;
    for (std::uint32_t ref = way.first_ref; ref + 1 < map_.roads.refs_end(index); ++ref)
      metres += great_circle_m(roads::position_of(map_.roads.nodes[map_.roads.refs[ref]].point),
                               roads::position_of(map_.roads.nodes[map_.roads.refs[ref + 1]].point));
    way.ferry_ms = static_cast<std::uint32_t>(std::lround(metres * 3'600 / kFerryKmh));
  }

  void add_marked(const MarkedWay& way, const NodeNumbers& numbers) {
    std::int64_t lat = 0, lon = 0, count = 0;
    for (const std::int64_t id : way.nodes) {
      const std::uint32_t node = *numbers.find(id);
      if (!located(node)) continue;
      lat += map_.roads.nodes[node].point.lat_e7;
      lon += map_.roads.nodes[node].point.lon_e7;
      ++count;
    }
    if (count == 0) return;
    Tags tags;
    for (const auto& [key, value] : way.tags) tags.add(key, value);
    add_object(tags, "osm:way/", way.id,
               {static_cast<std::int32_t>(lat / count), static_cast<std::int32_t>(lon / count)});
  }

  void add_object(const Tags& tags, const char* prefix, std::int64_t id, roads::Point point) {
    if (auto station = charging_station(tags)) {
      const Position position = roads::position_of(point);
      station->id = prefix + std::to_string(id);
      station->lat = position.lat;
      station->lon = position.lon;
      map_.stations.push_back(std::move(*station));
    }
    if (const auto kind = poi_kind(tags))
      map_.pois.push_back({.osm_id = id, .point = point, .name = name_of(std::string(tags["name"])), .kind = *kind});
    if (const auto place = place_tags(tags)) {
      map_.places.push_back({.osm_id = id,
                             .point = point,
                             .population = place->population,
                             .name = name_of(std::string(place->name)),
                             .region = name_of(std::string(place->region)),
                             .kind = place->kind});
    }
  }

  void add_turns(const OsmWays& ways, const NodeNumbers& numbers) {
    std::unordered_map<std::int64_t, std::uint32_t> way_of;
    for (std::uint32_t i = 0; i < map_.roads.ways.size(); ++i) way_of.emplace(map_.roads.ways[i].osm_id, i);
    map_.restrictions_left_out = ways.turns_left_out;
    for (const OsmTurn& turn : ways.turns) {
      if (auto raw = raw_turn(turn, way_of, numbers)) {
        map_.roads.turns.push_back(std::move(*raw));
      } else {
        ++map_.restrictions_left_out;
      }
    }
  }

  static std::optional<roads::RawTurn> raw_turn(const OsmTurn& turn,
                                                const std::unordered_map<std::int64_t, std::uint32_t>& way_of,
                                                const NodeNumbers& numbers) {
    const auto from = way_of.find(turn.from), to = way_of.find(turn.to);
    if (from == way_of.end() || to == way_of.end()) return std::nullopt;
    roads::RawTurn raw{.from_way = from->second, .to_way = to->second, .via_node = {}, .via_ways = {}};
    raw.kind = turn.kind == Restriction::kForbids ? roads::TurnKind::kForbidden : roads::TurnKind::kMandatory;
    for (const std::int64_t via : turn.via_ways) {
      const auto found = way_of.find(via);
      if (found == way_of.end()) return std::nullopt;
      raw.via_ways.push_back(found->second);
    }
    if (!raw.via_ways.empty()) return raw;
    raw.via_node = numbers.find(turn.via_node);
    if (!raw.via_node) return std::nullopt;
    return raw;
  }

  const std::function<void(std::string_view)>& progress_;
  std::unordered_map<std::string, std::uint32_t> names_ = {{"", 0}};
  OsmMap map_;
};

}  // namespace

Result<OsmMap> read_osm(const std::string& path, const std::function<void(std::string_view)>& progress) {
  return MapMaker(progress).run(path);
}

}  // namespace evc::routing
