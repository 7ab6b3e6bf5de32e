// Random trips over a made-up country (tools/synthetic_country), imported like any map, with its own charging stations:
// 20 by default on a small one, 2,000 on one of 200,000 nodes with EVCOSTA_TEST_LONG=1, EVCOSTA_TEST_COUNTRY_TRIPS on
// one of EVCOSTA_TEST_COUNTRY_NODES (5,200,000: a country's size, with a station for every 3,500). Tells what a trip
// costs.
#include "bench/routing/trips/measure.hpp"
#include "services/routing/domain/imported/random_trips_test.hpp"
#include "services/routing/import/extract_fixture_test.hpp"
#include "tools/synthetic_country/country.hpp"

namespace evc::bench {
namespace {

using routing::RandomTrips;

int asked_for(const char* variable, int otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? std::stoi(value) : otherwise;
}

TEST(SyntheticTrips, AreDrivenAgain) {
  const testing::TemporaryFolder folder;
  const int nodes = asked_for("EVCOSTA_TEST_COUNTRY_NODES", RandomTrips::wanted(12'000, 200'000));
  const int wanted = asked_for("EVCOSTA_TEST_COUNTRY_TRIPS", RandomTrips::wanted(20, 2'000));
  const bool large = nodes >= 1'000'000;
  const int stations = large ? nodes / 3'500 : RandomTrips::wanted(30, 120);
  const double usable_kwh = large ? 45 : RandomTrips::wanted(10, 20);
  const std::string map = folder.path("country.osm.pbf");
  synthetic::write_country(
      map, {.seed = 7, .nodes = static_cast<std::uint64_t>(nodes), .stations = static_cast<std::uint64_t>(stations)});
  routing::OnExtract country({.map = map, .elevation = ""});
  const auto network = country.network();
  const routing::OverlayPlanner planner(network);
  RandomTrips trips(*network, planner);
  Samples samples;
  while (trips.trips() < wanted) {
    SCOPED_TRACE("trip " + std::to_string(trips.trips()));
    const routing::TripRequest request = country.trip(usable_kwh);
    samples.measure([&] { trips.plan(request); });
    ASSERT_FALSE(HasFatalFailure());
  }
  trips.expect_good();
  std::printf("a trip planned and driven again: CPU p50 %.1f ms, p95 %.1f ms, p99 %.1f ms\n",
              samples.percentile(0.5) / 1e3, samples.percentile(0.95) / 1e3, samples.percentile(0.99) / 1e3);
}

}  // namespace
}  // namespace evc::bench
