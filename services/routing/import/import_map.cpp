#include "services/routing/import/import_map.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "services/routing/domain/roads/build.hpp"
#include "services/routing/domain/roads/shape_index.hpp"
#include "services/routing/import/elevation_tiles.hpp"
#include "services/routing/import/joined_stations.hpp"
#include "services/routing/import/osm_map.hpp"
#include "services/routing/import/site_list.hpp"
#include "services/routing/store/road_files.hpp"

namespace evc::routing {
namespace {

constexpr double kStationReachM = 1'000;

Result<std::vector<roads::ChargingStation>> listed_stations(const std::string& path) {
  if (path.empty()) return std::vector<roads::ChargingStation>{};
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file && !file.eof()) return fail(Code::kValidationFailed, path + ": cannot be read");
  auto stations = read_site_list(text);
  if (!stations) {
    Error error = std::move(stations).error();
    error.detail =
        path + ": " + (error.fields.empty() ? error.detail : error.fields[0].pointer + " " + error.fields[0].detail);
    return std::unexpected(std::move(error));
  }
  return stations;
}

std::size_t place_on_roads(const roads::RoadNetworkData& data, std::vector<roads::ChargingStation>& stations) {
  const roads::RoadNetwork network = roads::view_of(data);
  std::size_t off_road = 0;
  for (roads::ChargingStation& station : stations) {
    const auto place =
        roads::nearest_road(network, {station.lat, station.lon}, roads::Snapping::kWellConnected, kStationReachM);
    if (!place) {
      ++off_road;
      continue;
    }
    station.segment = place->segment;
    station.share = place->share;
    station.off_road_m = place->distance_m;
  }
  return off_road;
}

}  // namespace

Result<ImportSummary> import_map(const ImportOptions& options) {
  std::optional<ElevationTiles> tiles;
  if (!options.elevation.empty()) {
    EVC_TRY(opened, ElevationTiles::open(options.elevation));
    tiles = std::move(opened);
  }
  EVC_TRY(stations, listed_stations(options.stations));
  EVC_TRY(map, read_osm(options.map, options.progress));
  stations = joined_stations(std::move(stations), std::move(map.stations));

  roads::BuiltNetwork built = roads::build_network(
      std::move(map.roads), {.elevation = tiles ? &*tiles : nullptr, .progress = options.progress});
  if (tiles && tiles->broken()) return std::unexpected(*tiles->broken());
  built.data.places = std::move(map.places);
  built.data.pois = std::move(map.pois);
  ImportSummary summary{.segments = built.data.segment_count(),
                        .nodes = built.data.node_count(),
                        .arcs = built.data.arc_count(),
                        .edges = built.data.up_head.size(),
                        .restrictions = built.restrictions,
                        .restrictions_left_out = built.restrictions_ambiguous + built.restrictions_without_effect +
                                                 map.restrictions_left_out,
                        .tiny_segments = built.tiny_segments,
                        .stations = stations.size(),
                        .places = built.data.places.size(),
                        .pois = built.data.pois.size()};
  summary.stations_off_road = place_on_roads(built.data, stations);
  options.progress("writing");
  std::error_code error;
  const RoadSource source{.name = std::filesystem::path(options.map).filename().string(),
                          .bytes = static_cast<std::int64_t>(std::filesystem::file_size(options.map, error)),
                          .timestamp = map.timestamp,
                          .elevation = tiles ? std::to_string(tiles->tile_count()) + " SRTM tiles" : ""};
  EVC_CHECK(write_roads(options.out, built.data, stations, source));
  return summary;
}

}  // namespace evc::routing
