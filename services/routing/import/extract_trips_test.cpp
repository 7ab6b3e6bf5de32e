// Trips on real maps, where EVCOSTA_TEST_OSM_DIR names extracts, with seeded chargers beside their roads and a battery
// so small that they are needed: every answer is driven again arc by arc, and some are held against a search on every
// road of the map. A small map of our own always runs.
#include <cstdio>

#include "services/routing/domain/imported/random_trips_test.hpp"
#include "services/routing/domain/imported/whole_graph_test.hpp"
#include "services/routing/import/extract_fixture_test.hpp"
#include "services/routing/import/map_fixture_test.hpp"

namespace evc::routing {
namespace {

constexpr double kUsableKwh = 2;

// It has a town, no hills and no need to charge.
TEST(ExtractTrips, OnASmallMapOfOurOwn) {
  const testing::TemporaryFolder folder;
  OnExtract town({.map = folder.write("town.osm", small_town().text()), .elevation = ""});
  const auto network = town.network_with(2);
  const OverlayPlanner planner(network);
  int possible = 0;
  for (int i = 0; i < 30; ++i) {
    const auto answer = planner.plan(town.trip(kUsableKwh));
    ASSERT_TRUE(answer) << answer.error().detail;
    possible += answer->plan.has_value();
  }
  EXPECT_GT(possible, 20);
}

TEST(ExtractTrips, AreDrivenAgain) {
  for (const Extract& extract : named_extracts()) {
    SCOPED_TRACE(extract.map);
    OnExtract roads(extract);
    const auto network = roads.network_with(RandomTrips::wanted(15, 40));
    const OverlayPlanner planner(network);
    RandomTrips trips(*network, planner);
    while (trips.trips() < RandomTrips::wanted(20, 1'000)) {
      trips.plan(roads.trip(kUsableKwh));
      ASSERT_FALSE(HasFatalFailure());
    }
    trips.expect_good();
  }
}

TEST(ExtractTrips, AreAsGoodAsASearchOnEveryRoad) {
  for (const Extract& extract : named_extracts()) {
    SCOPED_TRACE(extract.map);
    OnExtract roads(extract);
    const auto network = roads.network_with(RandomTrips::wanted(3, 8));
    std::vector<TripRequest> requests;
    while (static_cast<int>(requests.size()) < RandomTrips::wanted(3, 40)) {
      TripRequest request = roads.trip(kUsableKwh);
      request.soc = 0.25;
      if (!imported::at_a_stand(*network, request)) requests.push_back(request);
    }
    const OverlayPlanner planner(network);
    const imported::WholeGraph whole(*network, requests);
    int compared = 0;
    double worst = 0, widest_told = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const auto answer = planner.plan(requests[i]);
      ASSERT_TRUE(answer) << answer.error().detail;
      const auto value = whole.value(i);
      EXPECT_EQ(answer->plan.has_value(), value.best < imported::whole_graph::kInfinity);
      if (!answer->plan) continue;
      const double found = answer->plan->totals.seconds;
      ++compared;
      worst = std::max(worst, found / value.best - 1);
      widest_told = std::max(widest_told, answer->certificate.gap_over_all_ways.value_or(1));
      EXPECT_LE(found, value.best * 1.005 + 1);
      EXPECT_LE(value.bound, found * 1.0005 + 2);
    }
    std::printf("%s: %d compared with every road, the worst %.2f %% slower; told at most %.2f %%\n",
                extract.map.c_str(), compared, worst * 100, widest_told * 100);
  }
}

}  // namespace
}  // namespace evc::routing
