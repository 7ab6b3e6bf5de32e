// evcosta-import: a map file into a road network, and questions to one that is there. See README.md beside this file.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "services/routing/domain/roads/place_names.hpp"
#include "services/routing/domain/roads/route.hpp"
#include "services/routing/import/import_map.hpp"
#include "services/routing/store/road_files.hpp"

namespace evc::routing {
namespace {

constexpr std::string_view kUsage =
    "usage: evcosta-import MAP [--dem DIR] [--stations FILE] --out DIR   a map (.osm.pbf, .osm.gz …) into a network\n"
    "       evcosta-import --check DIR                                   whether a network is whole, and what it "
    "holds\n"
    "       evcosta-import --route DIR LAT,LON LAT,LON                   the fastest way between two points\n"
    "       evcosta-import --places DIR NAME                             places that are called so, or nearly\n";

int refused(const Error& error) {
  const bool field = !error.fields.empty();
  std::cerr << "evcosta-import: " << (field ? error.fields[0].pointer + " " + error.fields[0].detail : error.detail)
            << "\n";
  return 1;
}

std::optional<Position> position(const std::string& text) {
  Position found;
  const char* end = text.data() + text.size();
  const auto lat = std::from_chars(text.data(), end, found.lat);
  if (lat.ec != std::errc() || lat.ptr == end || *lat.ptr != ',') return std::nullopt;
  const auto lon = std::from_chars(lat.ptr + 1, end, found.lon);
  if (lon.ec != std::errc() || lon.ptr != end) return std::nullopt;
  return std::abs(found.lat) <= 90 && std::abs(found.lon) <= 180 ? std::optional(found) : std::nullopt;
}

int check(const std::string& folder) {
  const auto files = RoadFiles::open(folder);
  if (!files) return refused(files.error());
  const roads::RoadNetwork& network = files->network();
  std::cout << folder << ": " << files->source().name << " " << files->source().timestamp << ", "
            << network.segment_count() << " segments, " << network.node_count() << " nodes, " << network.up_head.size()
            << " edges, " << files->stations().size() << " stations, " << network.places.size() << " places, "
            << files->bytes() / 1'000'000 << " MB\n";
  return 0;
}

int route(const std::string& folder, const std::string& from_text, const std::string& to_text) {
  const auto from = position(from_text), to = position(to_text);
  if (!from || !to) {
    std::cerr << "evcosta-import: points are written LAT,LON, in degrees\n";
    return 2;
  }
  const auto files = RoadFiles::open(folder);
  if (!files) return refused(files.error());
  const roads::RoadNetwork& network = files->network();
  constexpr double kReachM = 10'000;
  const auto start = roads::nearest_road(network, *from, roads::Snapping::kWellConnected, kReachM);
  const auto goal = roads::nearest_road(network, *to, roads::Snapping::kWellConnected, kReachM);
  if (!start || !goal) {
    std::cerr << "evcosta-import: no road within 10 km of " << (start ? to_text : from_text) << "\n";
    return 1;
  }
  const roads::Metric metric(network, roads::free_flow_weights(network));
  const auto found = roads::RouteQuery(network, metric).run(*start, *goal);
  if (!found) {
    std::cerr << "evcosta-import: there is no way\n";
    return 1;
  }
  const roads::RouteTotals sum = roads::totals(network, *found);
  std::printf("%.1f km, %.0f s, up %.0f m, down %.0f m, %zu points\n", sum.length_m / 1'000, sum.seconds, sum.climb_m,
              sum.descent_m, roads::geometry(network, *found).size());
  return 0;
}

int places(const std::string& folder, const std::string& name) {
  const auto files = RoadFiles::open(folder);
  if (!files) return refused(files.error());
  const roads::RoadNetwork& network = files->network();
  constexpr std::size_t kMost = 10;
  for (const std::uint32_t number : PlaceIndex(roads::place_names(network)).find(name, kMost)) {
    const roads::NamedPlace& place = network.places[number];
    const Position at = roads::position_of(place.point);
    std::cout << network.name(place.name) << (place.region == 0 ? "" : ", ") << network.name(place.region) << "  "
              << at.lat << "," << at.lon << "\n";
  }
  return 0;
}

int import_from(const std::vector<std::string>& words) {
  ImportOptions options{.map = words[0]};
  for (std::size_t i = 1; i < words.size(); i += 2) {
    std::string* target = words[i] == "--dem"        ? &options.elevation
                          : words[i] == "--stations" ? &options.stations
                          : words[i] == "--out"      ? &options.out
                                                     : nullptr;
    if (target == nullptr || i + 1 == words.size()) {
      std::cerr << kUsage;
      return 2;
    }
    *target = words[i + 1];
  }
  if (options.out.empty()) {
    std::cerr << kUsage;
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  options.progress = [begin](std::string_view line) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    std::fprintf(stderr, "[%5.1f s] %.*s\n", passed.count(), static_cast<int>(line.size()), line.data());
  };
  const auto summary = import_map(options);
  if (!summary) return refused(summary.error());
  std::cout << options.out << ": " << summary->segments << " segments, " << summary->nodes << " nodes, "
            << summary->arcs << " arcs, " << summary->edges << " edges; " << summary->restrictions
            << " turn restrictions (" << summary->restrictions_left_out << " left out); " << summary->stations
            << " stations (" << summary->stations_off_road << " off the roads), " << summary->places << " places, "
            << summary->pois << " points of interest\n";
  return 0;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "--check") return check(words[1]);
  if (words.size() == 4 && words[0] == "--route") return route(words[1], words[2], words[3]);
  if (words.size() == 3 && words[0] == "--places") return places(words[1], words[2]);
  if (!words.empty() && !words[0].starts_with("--")) return import_from(words);
  std::cerr << kUsage;
  return 2;
}

}  // namespace
}  // namespace evc::routing

int main(int argc, char** argv) {
  try {
    return evc::routing::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "evcosta-import: " << error.what() << "\n";
    return 1;
  }
}
