// A map imported for the trips of a test: its roads, charging stations of its own or seeded ones beside the roads, a
// car with a small battery, and random trips.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>

#include "kit/testing/temporary_folder.hpp"
#include "services/routing/domain/imported/imported_network.hpp"
#include "services/routing/domain/small_car_test.hpp"
#include "services/routing/import/import_map.hpp"
#include "services/routing/store/road_files.hpp"

namespace evc::routing {

struct Extract {
  std::string map, elevation;
};

// Those of the folder that EVCOSTA_TEST_OSM_DIR names; none without it.
inline std::vector<Extract> named_extracts() {
  std::vector<Extract> list;
  const char* named = std::getenv("EVCOSTA_TEST_OSM_DIR");
  if (named == nullptr) return list;
  bool tiles = false;
  for (const auto& entry : std::filesystem::directory_iterator(named)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".osm.pbf") || name.ends_with(".osm.gz")) list.push_back({entry.path(), ""});
    tiles = tiles || name.ends_with(".hgt.zip") || name.ends_with(".hgt");
  }
  for (Extract& extract : list)
    if (tiles) extract.elevation = named;
  return list;
}

class OnExtract {
 public:
  explicit OnExtract(const Extract& extract) : name_(extract.map) {
    const auto made =
        import_map({.map = extract.map, .elevation = extract.elevation, .stations = {}, .out = folder_.path("roads")});
    EXPECT_TRUE(made) << made.error().detail;
    files_ = std::make_shared<const RoadFiles>(RoadFiles::open(folder_.path("roads")).value());
  }
  // The map's own stations.
  std::shared_ptr<const imported::ImportedNetwork> network() const { return network_of(files_->stations()); }
  // Seeded ones.
  std::shared_ptr<const imported::ImportedNetwork> network_with(int stations) {
    std::vector<roads::ChargingStation> beside;
    for (int i = 0; i < stations; ++i) {
      const Position at = somewhere();
      const auto place = roads::nearest_road(files_->network(), at, roads::Snapping::kWellConnected, 1e5);
      beside.push_back({.id = "S" + std::to_string(i),
                        .name = "S",
                        .network = "N",
                        .lat = at.lat,
                        .lon = at.lon,
                        .sockets = {{.type = "CCS2", .current = "DC", .power_kw = i % 3 == 0 ? 50.0 : 20.0}},
                        .segment = place->segment,
                        .share = place->share,
                        .off_road_m = place->distance_m});
    }
    return network_of(std::move(beside));
  }

  Position somewhere() {
    while (true) {
      const auto& points = files_->network().points;
      const Position on_road = position_of(points[random_() % points.size()].point);
      const Position at{on_road.lat + uniform(-2e-4, 2e-4), on_road.lon + uniform(-2e-4, 2e-4)};
      if (roads::nearest_road(files_->network(), at, roads::Snapping::kWellConnected, 1'000)) return at;
    }
  }
  TripRequest trip(double usable_kwh) {
    TripRequest request{.from = {.position = somewhere()}, .to = {.position = somewhere()}};
    request.vehicle = small_car(usable_kwh);
    request.soc = uniform(0.2, 0.9);
    request.min_stop_soc = 0.05;
    request.min_arrival_soc = uniform(0.05, 0.3);
    request.overhead_seconds = 60;
    return request;
  }

 private:
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  std::shared_ptr<const imported::ImportedNetwork> network_of(std::vector<roads::ChargingStation> stations) const {
    return std::make_shared<const imported::ImportedNetwork>(
        imported::Source{.network = files_->network(), .stations = std::move(stations), .keep = files_, .name = name_});
  }

  testing::TemporaryFolder folder_;
  std::string name_;
  std::mt19937_64 random_{11};
  std::shared_ptr<const RoadFiles> files_;
};

}  // namespace evc::routing
