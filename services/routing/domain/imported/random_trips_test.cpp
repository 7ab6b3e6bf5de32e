// Random trips over the shipped network and over random countries. 110 trips by default, 98,000 with
// EVCOSTA_TEST_LONG=1; bench/routing/countries makes the other 2,000 on a made-up country.
#include "services/routing/domain/imported/random_trips_test.hpp"

#include <fstream>
#include <optional>
#include <sstream>

#include "services/routing/domain/imported/country_fixture_test.hpp"
#include "services/routing/domain/shipped_network.hpp"

namespace evc::routing::imported {
namespace {

void add_filters(Country& country, TripRequest& request) {
  const double chance = country.uniform(0, 1);
  if (chance < 0.1) request.filter.min_power_kw = 50;
  if (chance > 0.9) request.filter.exclude = {"S1", "S2", "S3"};
  if (chance > 0.4 && chance < 0.5) request.filter.avoid_networks = {"Mar"};
}

TEST(RandomTrips, OverRandomCountries) {
  constexpr int kPerCountry = 200;
  const int wanted = RandomTrips::wanted(60, 78'000);
  std::optional<RandomTrips> trips;
  for (std::uint64_t seed = 1; !trips || trips->trips() < wanted; ++seed) {
    Country country({.seed = seed, .side = 16, .short_waves_m = seed % 2 == 0 ? 60.0 : 0});
    const OverlayPlanner planner(country.network());
    if (trips) {
      trips->use(*country.network(), planner);
    } else {
      trips.emplace(*country.network(), planner);
    }
    for (int i = 0; i < std::min(kPerCountry, wanted); ++i) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", trip " + std::to_string(i));
      TripRequest request = country.trip();
      add_filters(country, request);
      trips->plan(request);
      ASSERT_FALSE(HasFailure());
    }
  }
  trips->expect_good();
}

TEST(RandomTrips, OverTheShippedNetwork) {
  const auto text = [](const std::string& name) {
    std::ifstream in(name);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  };
  const std::string places = text("data/network/places.csv"), arcs = text("data/network/arcs.csv"),
                    sites = text("data/network/sites.json");
  const auto data = std::make_shared<const routing::Network>(
      routing::Network::load({.places = places, .arcs = arcs, .sites = sites}).value());
  const auto vehicles = ev::read_vehicles(text("data/vehicles.json")).value();
  const auto network = std::make_shared<const ShippedNetwork>(data);
  const OverlayPlanner planner(network);
  RandomTrips trips(*network, planner);
  Country random({.seed = 9, .side = 6, .stations = 2});
  constexpr int kPerVehicle = 25;
  const int wanted = RandomTrips::wanted(50, 20'000);
  for (int i = 0; i < wanted; ++i) {
    SCOPED_TRACE("trip " + std::to_string(i));
    TripRequest request = random.trip();
    const auto somewhere = [&] {
      return Location{.place = static_cast<NodeId>(random.uniform(0, static_cast<double>(data->places().size()) - 1))};
    };
    request.from = somewhere();
    request.to = somewhere();
    // A new car costs a pass over all roads: each makes some trips.
    request.vehicle = vehicles[static_cast<std::size_t>(i / kPerVehicle) % vehicles.size()];
    request.min_stop_soc = std::min(request.min_stop_soc, 0.1);
    if (i % 9 == 0) request.filter.min_power_kw = 60;
    trips.plan(request);
    ASSERT_FALSE(HasFailure());
  }
  trips.expect_good();
}

}  // namespace
}  // namespace evc::routing::imported
