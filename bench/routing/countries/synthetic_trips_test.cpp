// Random trips over a made-up country (tools/synthetic_country), imported like any map, with its own charging stations:
// 20 by default on a small one, 2,000 on one of 200,000 nodes with EVCOSTA_TEST_LONG=1. Tells what a trip costs.
#include "bench/routing/trips/measure.hpp"
#include "services/routing/domain/imported/random_trips_test.hpp"
#include "services/routing/import/extract_fixture_test.hpp"
#include "tools/synthetic_country/country.hpp"

namespace evc::bench {
namespace {

using routing::RandomTrips;

TEST(SyntheticTrips, AreDrivenAgain) {
  const testing::TemporaryFolder folder;
  const std::string map = folder.path("country.osm.pbf");
  synthetic::write_country(map, {.seed = 7,
                                 .nodes = static_cast<std::uint64_t>(RandomTrips::wanted(12'000, 200'000)),
                                 .stations = static_cast<std::uint64_t>(RandomTrips::wanted(30, 120))});
  routing::OnExtract country({.map = map, .elevation = ""});
  const auto network = country.network();
  const routing::OverlayPlanner planner(network);
  RandomTrips trips(*network, planner);
  Samples samples;
  while (trips.trips() < RandomTrips::wanted(20, 2'000)) {
    SCOPED_TRACE("trip " + std::to_string(trips.trips()));
    const routing::TripRequest request = country.trip(RandomTrips::wanted(10, 20));
    samples.measure([&] { trips.plan(request); });
    ASSERT_FALSE(HasFatalFailure());
  }
  trips.expect_good();
  std::printf("a trip planned and driven again: CPU p50 %.1f ms, p95 %.1f ms, p99 %.1f ms\n",
              samples.percentile(0.5) / 1e3, samples.percentile(0.95) / 1e3, samples.percentile(0.99) / 1e3);
}

}  // namespace
}  // namespace evc::bench
