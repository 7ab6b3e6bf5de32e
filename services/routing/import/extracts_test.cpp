// Whole maps against a plain search: the small one of our own always, and every extract in the folder that
// EVCOSTA_TEST_OSM_DIR names, with its elevation tiles. Times, and blends of time and energy.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "kit/testing/temporary_folder.hpp"
#include "services/routing/domain/roads/town_fixture_test.hpp"
#include "services/routing/import/extract_fixture_test.hpp"
#include "services/routing/import/import_map.hpp"
#include "services/routing/import/map_fixture_test.hpp"
#include "services/routing/store/road_files.hpp"

namespace evc::routing {
namespace {

using testing::TemporaryFolder;

constexpr int kSources = 80;
constexpr int kTargets = 40;

class Compared {
 public:
  Compared(const roads::RoadNetwork& network, std::uint64_t seed) : network_(network), random_(seed) {}

  // Queries that found a way.
  std::size_t run(const std::vector<roads::Weight>& weights) {
    const roads::Metric metric(network_, weights);
    roads::RouteQuery query(network_, metric);
    std::size_t reached = 0;
    for (int source = 0; source < kSources; ++source) {
      const roads::RoadPlace from = somewhere();
      const auto reference = roads::reference_weights(network_, weights, roads::ways_from(network_, metric, from));
      for (int target = 0; target < kTargets; ++target) {
        const roads::RoadPlace to = somewhere();
        const roads::Weight expected = roads::reference_between(network_, metric, reference, from, to);
        const auto route = query.run(from, to);
        EXPECT_EQ(route ? route->weight : roads::kInfinite, expected);
        if (!route) continue;
        ++reached;
        double weight = 0;
        for (const roads::RouteStep& step : route->steps) weight += metric.of_lane(step.lane) * (step.to - step.from);
        EXPECT_NEAR(weight, route->weight, 2);
      }
    }
    return reached;
  }

 private:
  roads::RoadPlace somewhere() {
    const auto& point = network_.points[random_() % network_.points.size()].point;
    const Position position{point.lat_e7 / roads::kE7 + 1e-4, point.lon_e7 / roads::kE7};
    return *roads::nearest_road(network_, position, roads::Snapping::kWellConnected, 1e6);
  }

  const roads::RoadNetwork& network_;
  std::mt19937_64 random_;
};

std::vector<Extract> extracts(const TemporaryFolder& folder) {
  std::vector<Extract> list = named_extracts();
  list.insert(list.begin(), {folder.write("town.osm", small_town().text()), ""});
  return list;
}

TEST(Extracts, QueriesEqualAPlainSearch) {
  const TemporaryFolder folder;
  std::size_t queries = 0, reached = 0;
  for (const Extract& extract : extracts(folder)) {
    SCOPED_TRACE(extract.map);
    const auto summary =
        import_map({.map = extract.map, .elevation = extract.elevation, .stations = {}, .out = folder.path("network")});
    ASSERT_TRUE(summary) << summary.error().detail;
    const auto files = RoadFiles::open(folder.path("network"));
    ASSERT_TRUE(files);
    const roads::RoadNetwork& network = files->network();
    ev::Vehicle car{.usable_kwh = 50, .mass_kg = 1'700, .cda_m2 = 0.65, .crr = 0.01};
    const roads::EnergyRates rates = roads::energy_rates({car, {}}, {.speed_cap_kmh = 90});
    Compared compared(network, 7);
    for (const auto& weights :
         {roads::free_flow_weights(network), roads::blended_weights(network, rates, {.milliseconds_per_wh = 0}),
          roads::blended_weights(network, rates, {.milliseconds_per_wh = 400})}) {
      queries += kSources * kTargets;
      reached += compared.run(weights);
    }
  }
  EXPECT_GT(reached, queries * 9 / 10) << "nearly everything can be reached";
  if (std::getenv("EVCOSTA_TEST_OSM_DIR") != nullptr) EXPECT_GE(queries, 20'000U);
}

}  // namespace
}  // namespace evc::routing
