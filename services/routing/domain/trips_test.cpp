// The shipped network under real trips: the four that the project promises, and one that cannot be made.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/place_search.hpp"
#include "services/routing/domain/replay.hpp"
#include "services/routing/domain/shipped_network.hpp"

namespace evc::routing {
namespace {

std::string file(const std::string& name) {
  std::ifstream in(name);
  EXPECT_TRUE(in) << name;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class ShippedTrips : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string places = file("data/network/places.csv"), arcs = file("data/network/arcs.csv"),
                      sites = file("data/network/sites.json");
    auto loaded = Network::load({.places = places, .arcs = arcs, .sites = sites});
    ASSERT_TRUE(loaded) << loaded.error().detail;
    network = std::make_shared<const Network>(std::move(*loaded));
    roads = std::make_shared<const ShippedNetwork>(network);
    auto vehicles = ev::read_vehicles(file("data/vehicles.json"));
    ASSERT_TRUE(vehicles);
    dolphin = vehicles->at(0);
  }
  static Location place(const std::string& id) {
    const auto node = network->find_place(id);
    EXPECT_TRUE(node) << id;
    return {.place = node};
  }
  static TripRequest request(const std::string& from, const std::string& to) {
    TripRequest trip{.from = place(from), .to = place(to)};
    trip.vehicle = dolphin;
    return trip;
  }
  static TripPlan planned(const TripRequest& trip) {
    const OverlayPlanner planner(roads);
    const auto begin = std::chrono::steady_clock::now();
    auto answer = planner.plan(trip);
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    EXPECT_TRUE(answer) << answer.error().detail;
    if (!answer || !answer->plan) {
      ADD_FAILURE() << "infeasible";
      return {};
    }
    const TripTotals& totals = answer->plan->totals;
    std::printf(
        "%s – %s: %.0f km, %.2f h (driving %.2f h, charging %.2f h), %zu stops, %.1f kWh, R$ %.2f; %zu labels, %s, "
        "%.1f ms\n",
        answer->plan->legs.front().from.name.c_str(), answer->plan->legs.back().to.name.c_str(),
        totals.distance_m / 1000, totals.seconds / 3600, totals.drive_seconds / 3600, totals.charge_seconds / 3600,
        totals.stops, totals.energy_wh / 1000, totals.price.amount / 100.0, answer->certificate.labels,
        answer->certificate.status == Certificate::Status::kExact ? "exact" : "bounded", ms);
    for (std::size_t i = 0; i < answer->plan->legs.size(); ++i) {
      const TripLeg& leg = answer->plan->legs[i];
      std::printf("   %s → %s %.0f km %.2f → %.2f\n", leg.from.name.c_str(), leg.to.name.c_str(), leg.distance_m / 1000,
                  leg.depart_soc, leg.arrive_soc);
    }
    return *answer->plan;
  }
  static inline std::shared_ptr<const Network> network;
  static inline std::shared_ptr<const ShippedNetwork> roads;
  static inline ev::Vehicle dolphin;
};

TEST_F(ShippedTrips, IsAsLargeAsPromised) {
  EXPECT_GE(network->places().size(), 400u);
  EXPECT_GE(network->arcs().size(), 1200u);
  EXPECT_GE(network->sites().size(), 150u);
}

struct KnownTrip {
  const char *from, *to;
  double km, tolerance;
  std::size_t least_stops, most_stops;
  double most_hours;
};

class KnownTrips : public ShippedTrips, public testing::WithParamInterface<KnownTrip> {};

TEST_P(KnownTrips, HaveSensibleStopsAndDistances) {
  const KnownTrip& known = GetParam();
  const TripPlan plan = planned(request(known.from, known.to));
  EXPECT_NEAR(plan.totals.distance_m / 1000, known.km, known.km * known.tolerance);
  EXPECT_GE(plan.totals.stops, known.least_stops);
  EXPECT_LE(plan.totals.stops, known.most_stops);
  EXPECT_LE(plan.totals.seconds / 3600, known.most_hours);
  EXPECT_GE(plan.totals.arrive_soc, 0.15 - 1e-9);
}

// Road distances as published; São Paulo – Paraty by the Dutra and Cunha or by the coast is 265 to 300 km.
INSTANTIATE_TEST_SUITE_P(Promised, KnownTrips,
                         testing::Values(KnownTrip{"sp-sao-paulo", "rj-paraty", 275, 0.10, 1, 2, 6},
                                         KnownTrip{"rj-rio-de-janeiro", "es-vitoria", 521, 0.10, 2, 4, 10},
                                         KnownTrip{"pr-curitiba", "sc-florianopolis", 300, 0.10, 1, 2, 6},
                                         KnownTrip{"sp-sao-paulo", "ba-salvador", 1960, 0.10, 8, 16, 42}));

TEST_F(ShippedTrips, AnImpossibleTripSaysWhy) {
  TripRequest trip = request("sp-sao-paulo", "rj-rio-de-janeiro");
  trip.filter.networks = {"no such network"};
  const auto answer = OverlayPlanner(roads).plan(trip);
  ASSERT_TRUE(answer);
  ASSERT_TRUE(answer->infeasible);
  EXPECT_EQ(answer->infeasible->reason, Infeasibility::Reason::kFiltersTooNarrow);
  ASSERT_TRUE(answer->infeasible->gap_from && answer->infeasible->gap_to && answer->infeasible->furthest);
  EXPECT_GT(answer->infeasible->gap_missing_wh, 0);
  EXPECT_FALSE(answer->infeasible->relaxations.empty());
  for (const Relaxation& relaxation : answer->infeasible->relaxations) {
    std::printf("   %s %.2f %s: %.2f h\n", relaxation.kind.c_str(), relaxation.value, relaxation.place_id.c_str(),
                relaxation.seconds / 3600);
  }
}

TEST_F(ShippedTrips, AnImpossibleTripSaysWhereThoughTheTimeIsUp) {
  TripRequest trip = request("sp-sao-paulo", "ba-salvador");
  trip.min_stop_soc = 0.7;
  trip.max_charge_soc = 0.75;
  trip.give_up = [] { return true; };
  const auto answer = OverlayPlanner(roads).plan(trip);
  ASSERT_TRUE(answer) << answer.error().detail;
  ASSERT_TRUE(answer->infeasible);
  EXPECT_TRUE(answer->infeasible->gap_from && answer->infeasible->gap_to && answer->infeasible->furthest);
  EXPECT_TRUE(answer->infeasible->relaxations.empty()) << "there was no time to try changes";
}

TEST_F(ShippedTrips, WhenTheTimeIsUpTheHastyAnswerStands) {
  int bounded = 0;
  for (int asks = 0; asks < 1'000; asks += asks / 8 + 1) {
    TripRequest trip = request("sp-sao-paulo", "ba-salvador");
    trip.give_up = [left = asks]() mutable { return left-- <= 0; };
    const auto answer = OverlayPlanner(roads).plan(trip);
    if (!answer) {
      EXPECT_EQ(answer.error().code, Code::kDeadlineExceeded);
      continue;
    }
    ASSERT_TRUE(answer->plan);
    if (answer->certificate.status == Certificate::Status::kExact) break;
    EXPECT_LE(answer->certificate.lower_bound_seconds, answer->plan->totals.seconds);
    ++bounded;
  }
  EXPECT_GT(bounded, 0);
}

TEST_F(ShippedTrips, PlacesAreFoundWithoutAccentsByPrefixLargestFirst) {
  const PlaceSearch search(*network);
  const auto name = [&](std::string_view query) {
    const auto nodes = search.find(query, 5);
    return nodes.empty() ? std::string() : network->places()[nodes[0]].id;
  };
  EXPECT_EQ(name("sao paulo"), "sp-sao-paulo");
  EXPECT_EQ(name("SÃO PA"), "sp-sao-paulo");
  EXPECT_EQ(name("vitoria"), "es-vitoria");
  EXPECT_EQ(name("conquista"), "ba-vitoria-da-conquista");
  EXPECT_EQ(name("valença rj"), "rj-valenca");
  EXPECT_EQ(name("xyzzy"), "");
  EXPECT_EQ(name("  "), "");
}

TEST_F(ShippedTrips, PositionsBesideTheRoadAreJoinedAndFarOnesRefused) {
  TripRequest trip = request("sp-sao-paulo", "rj-paraty");
  trip.to = {.position = {-23.25, -44.75}};
  EXPECT_GT(planned(trip).totals.distance_m, 200'000);
  trip.to = {.position = {-3.1, -60.0}};
  const auto answer = OverlayPlanner(roads).plan(trip);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kLocationNotRoutable);
}

}  // namespace
}  // namespace evc::routing
