// The importer over a small map of our own: what it makes of each rule, that its output is the same every time and for
// every format, and that whatever is wrong with a file the old network stays.
#include "services/routing/import/import_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <osmium/io/any_input.hpp>
#include <osmium/io/any_output.hpp>

#include "kit/testing/temporary_folder.hpp"
#include "services/routing/domain/roads/place_names.hpp"
#include "services/routing/domain/roads/route.hpp"
#include "services/routing/import/map_fixture_test.hpp"
#include "services/routing/store/road_files.hpp"

namespace evc::routing {
namespace {

using testing::TemporaryFolder;

void convert(const std::string& from, const std::string& to) {
  osmium::io::Reader reader{osmium::io::File(from)};
  osmium::io::Writer writer{osmium::io::File(to), osmium::io::overwrite::allow};
  while (osmium::memory::Buffer buffer = reader.read()) writer(std::move(buffer));
  writer.close();
  reader.close();
}

std::string all_bytes(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  std::string bytes;
  for (const std::string& name : names) {
    std::ifstream file(folder + "/" + name, std::ios::binary);
    if (name != "manifest.json") bytes += name + std::string{std::istreambuf_iterator<char>(file), {}};
  }
  return bytes;
}

class ImportedTown : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string map = folder_.write("town.osm", small_town().text());
    const auto summary = import_map({.map = map, .elevation = {}, .stations = {}, .out = folder_.path("town")});
    ASSERT_TRUE(summary) << summary.error().detail;
    summary_ = *summary;
    auto files = RoadFiles::open(folder_.path("town"));
    ASSERT_TRUE(files) << files.error().detail;
    files_.emplace(std::move(*files));
    metric_.emplace(network(), roads::free_flow_weights(network()));
  }

  const roads::RoadNetwork& network() const { return files_->network(); }

  // Seconds of the best way between two points of the drawing; negative: none.
  double seconds(double from_north, double from_east, double to_north, double to_east) const {
    const auto from = at(from_north, from_east), to = at(to_north, to_east);
    const auto route = roads::RouteQuery(network(), *metric_).run(from, to);
    return route ? route->weight / 1'000.0 : -1;
  }
  bool passes(double from_north, double from_east, double to_north, double to_east, double north, double east) const {
    const auto route = roads::RouteQuery(network(), *metric_).run(at(from_north, from_east), at(to_north, to_east));
    const auto line = roads::geometry(network(), *route);
    return std::ranges::any_of(line, [&](const Position& position) {
      return great_circle_m(position, {town_lat(north), town_lon(east)}) < 5;
    });
  }
  roads::RoadPlace at(double north, double east) const {
    return *roads::nearest_road(network(), {town_lat(north), town_lon(east)}, roads::Snapping::kAnywhere, 5'000);
  }

  TemporaryFolder folder_;
  ImportSummary summary_;
  std::optional<RoadFiles> files_;
  std::optional<roads::Metric> metric_;
};

TEST_F(ImportedTown, HoldsWhatTheMapHolds) {
  EXPECT_EQ(summary_.restrictions, 1U);
  EXPECT_EQ(summary_.restrictions_left_out, 1U) << "one says not where to";
  EXPECT_EQ(summary_.stations, 1U);
  EXPECT_EQ(summary_.pois, 2U);
  ASSERT_EQ(network().places.size(), 1U);
  EXPECT_EQ(network().name(network().places[0].name), "São João do Monte");
  EXPECT_EQ(network().name(network().places[0].region), "SP");
  EXPECT_EQ(network().places[0].population, 12'500U);
  const PlaceIndex index(roads::place_names(network()));
  EXPECT_EQ(index.find("sao jaoo do mon", 1).size(), 1U) << "two letters swapped";
  EXPECT_EQ(files_->source().name, "town.osm");
  const roads::ChargingStation& station = files_->stations().at(0);
  EXPECT_EQ(station.id, "osm:node/40");
  EXPECT_EQ(station.sockets.size(), 2U);
  ASSERT_TRUE(station.segment);
  EXPECT_NEAR(*station.off_road_m, 55, 60);
  EXPECT_EQ(network().name(network().segments[at(0, 2.5).segment].name), "Avenida");
}

TEST_F(ImportedTown, RoutesAsTheMapAllows) {
  EXPECT_TRUE(passes(0, 0.5, 1, 1.5, 1, 2)) << "no left turn at 2: around by 6";
  EXPECT_FALSE(passes(1, 1.5, 0, 0.5, 1, 2)) << "the way back is free";
  EXPECT_TRUE(passes(0, 2.5, -1, 1.5, 0, 1)) << "7-8 is one-way to the east";
  EXPECT_LT(seconds(0, 0.5, -1.4, 2.5), 0) << "a private yard behind a bollard";
  const double crossing = seconds(0, 2.9, 0, 4.1);
  EXPECT_GT(crossing, 1'200) << "the ferry takes 20 minutes";
  EXPECT_LT(crossing, 1'300);
  const roads::Lane& gated = network().lanes[roads::lane_along(at(-0.5, 2).segment)];
  EXPECT_NEAR(gated.milliseconds / 1'000.0, gated.length_dm / 10.0 * 3.6 / 30 + 20, 0.1) << "a gate";
}

TEST_F(ImportedTown, TheSameMapInAnotherFormatAndAgainGivesTheSameBytes) {
  convert(folder_.path("town.osm"), folder_.path("town.osm.pbf"));
  convert(folder_.path("town.osm"), folder_.path("town.osm.bz2"));
  for (const char* name : {"town.osm", "town.osm.pbf", "town.osm.bz2"}) {
    ASSERT_TRUE(import_map({.map = folder_.path(name), .elevation = {}, .stations = {}, .out = folder_.path("again")}));
    EXPECT_EQ(all_bytes(folder_.path("again")), all_bytes(folder_.path("town"))) << name;
  }
}

TEST_F(ImportedTown, WhateverIsWrongTheOldNetworkStays) {
  convert(folder_.path("town.osm"), folder_.path("town.osm.pbf"));
  const std::string pbf = folder_.read("town.osm.pbf"), before = all_bytes(folder_.path("town"));
  std::vector<std::string> wrong = {
      folder_.write("cut.osm", small_town().text().substr(0, 3'000)),
      folder_.write("roadless.osm", "<?xml version='1.0'?>\n<osm version=\"0.6\"></osm>"),
      folder_.write("picture.osm.pbf", std::string("\x89PNG\r\n\x1a\n", 8) + std::string(400, 'x')),
      folder_.write("list.osm", "{\"sites\": []}"),
      folder_.write("map.txt", "roads"),
      folder_.write("empty.osm.pbf", ""),
      folder_.path("nothing.osm.pbf"),
      folder_.path("town"),
  };
  for (std::size_t i = 1; i < 20; ++i)
    wrong.push_back(folder_.write("cut" + std::to_string(i) + ".osm.pbf", pbf.substr(0, pbf.size() * i / 20)));
  for (const std::string& map : wrong) {
    const auto summary = import_map({.map = map, .elevation = {}, .stations = {}, .out = folder_.path("town")});
    ASSERT_FALSE(summary) << map;
    EXPECT_NE(summary.error().detail.find(map), std::string::npos) << summary.error().detail;
    EXPECT_EQ(all_bytes(folder_.path("town")), before) << map;
    EXPECT_FALSE(std::filesystem::exists(folder_.path("town.new")));
  }
}

TEST_F(ImportedTown, WaysThatGoOnBeyondTheFileEndAtItAndAFileWithoutItsNodesIsRefused) {
  MapText beyond = small_town();
  beyond.way(300, {4, 900, 901}, {{"highway", "primary"}});
  beyond.way(301, {902, 903, 1, 9, 904}, {{"highway", "primary"}});
  const std::string map = folder_.write("beyond.osm", beyond.text());
  EXPECT_TRUE(import_map({.map = map, .elevation = {}, .stations = {}, .out = folder_.path("beyond")}));
  MapText none;
  none.node(1, -22, -46);
  none.way(1, {1, 2, 3, 4}, {{"highway", "primary"}});
  const auto refused = import_map(
      {.map = folder_.write("none.osm", none.text()), .elevation = {}, .stations = {}, .out = folder_.path("beyond")});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("cut off"), std::string::npos);
}

TEST_F(ImportedTown, AListOfSitesStandsBesideTheMapsStations) {
  const std::string sites = R"({"status": "example", "sites": [
    {"id": "S1", "name": "Um", "operator": "Sol", "lat": -22.4999, "lon": -46.4951, "placeId": "x", "state": "SP",
     "connectors": [{"id": 1, "type": "CCS2", "powerKw": 90, "current": "DC"}],
     "tariff": {"currency": "BRL", "perKwhMinor": 209, "startFeeMinor": 200, "idlePerMinuteMinor": 80, "graceMinutes": 10}},
    {"id": "S2", "name": "Longe", "operator": "Sol", "lat": -10, "lon": -46, "connectors": []}]})";
  const auto run = [&](const std::string& text) {
    return import_map({.map = folder_.path("town.osm"),
                       .elevation = {},
                       .stations = folder_.write("sites.json", text),
                       .out = folder_.path("sites")});
  };
  const auto summary = run(sites);
  ASSERT_TRUE(summary) << summary.error().detail;
  EXPECT_EQ(summary->stations, 2U) << "the map has S1 too, a few metres beside it";
  EXPECT_EQ(summary->stations_off_road, 1U);
  const auto files = RoadFiles::open(folder_.path("sites"));
  ASSERT_TRUE(files);
  EXPECT_EQ(files->stations()[0].id, "S1");
  EXPECT_EQ(files->stations()[0].network, "Sol");
  EXPECT_EQ(files->stations()[0].tariff->per_kwh_minor, 209);
  for (const std::string& bad :
       {std::string("[]"), std::string("{\"sites\": 3}"), std::string("{"),
        std::string(R"({"sites": [{"id": "", "name": "", "lat": 0, "lon": 0, "connectors": []}]})")}) {
    const auto refused = run(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_NE(refused.error().detail.find("sites.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace evc::routing
