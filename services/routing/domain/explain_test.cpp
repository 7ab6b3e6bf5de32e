// Infeasible requests on random sparse networks: what is said about each must be true. Every relaxation is applied and
// planned again, a smaller one must not help, and the gap must be one.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/shipped_network.hpp"
#include "services/routing/domain/small_car_test.hpp"

namespace evc::routing {
namespace {

struct Case {
  std::vector<Place> places;
  std::vector<Arc> arcs;
  std::vector<Site> sites;
  TripRequest request;
  std::shared_ptr<const TripNetwork> network() const {
    return std::make_shared<const ShippedNetwork>(
        std::make_shared<const Network>(Network::build(places, arcs, {"R"}, sites).value()));
  }
};

Site site_at(NodeId node, const Place& place, double kw) {
  Site site{.id = "S" + std::to_string(node), .name = "S", .network = "N", .position = place.position, .node = node};
  site.connectors.push_back({.id = 1, .type = "CCS2", .power_kw = kw, .current = "DC"});
  return site;
}

// Towns along a road with branches, a site in some of them.
Case random_case(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  Case made;
  const NodeId towns = 8 + static_cast<NodeId>(random() % 6);
  for (NodeId i = 0; i < towns; ++i) {
    made.places.push_back({.id = "p" + std::to_string(i),
                           .name = "P",
                           .state = "X",
                           .position = {-22 + 0.35 * i, -46 + uniform(0, 0.2)},
                           .elevation_m = uniform(0, 800)});
    if (i == 0) continue;
    const NodeId before = random() % 4 == 0 && i > 1 ? i - 2 : i - 1;
    const double rise = made.places[i].elevation_m - made.places[before].elevation_m;
    Arc there{.from = before,
              .to = i,
              .length_m = great_circle_m(made.places[before].position, made.places[i].position) * uniform(1.1, 1.5),
              .speed_mps = uniform(70, 120) / 3.6,
              .climb_m = 60 + std::max(0.0, rise),
              .descent_m = 60 + std::max(0.0, -rise)};
    Arc back = there;
    std::swap(back.from, back.to);
    std::swap(back.climb_m, back.descent_m);
    made.arcs.push_back(there);
    made.arcs.push_back(back);
  }
  for (NodeId i = 0; i < towns; ++i) {
    if (random() % 2 == 0) made.sites.push_back(site_at(i, made.places[i], std::array{25.0, 60.0}[random() % 2]));
  }
  TripRequest& request = made.request;
  request.from = {.place = 0};
  request.to = {.place = towns - 1};
  if (random() % 3 == 0) request.via.push_back({{.place = towns / 2}, uniform(0, 3'000)});
  request.vehicle = small_car();
  request.soc = uniform(0.3, 0.9);
  request.min_stop_soc = uniform(0.05, 0.4);
  request.min_arrival_soc = uniform(0.05, 0.6);
  request.max_charge_soc = uniform(0.6, 0.9);
  if (random() % 5 == 0) request.filter.min_power_kw = 50;
  return made;
}

TripRequest relaxed(const TripRequest& request, const std::string& kind, double value) {
  TripRequest changed = request;
  if (kind == "startSoc") changed.soc = value;
  if (kind == "maxSpeedKmh") changed.max_speed_kmh = value;
  if (kind == "minArrivalSoc") changed.min_arrival_soc = value;
  if (kind == "minStopSoc") changed.min_stop_soc = value;
  if (kind == "batteryKwh") changed.vehicle.usable_kwh += value;
  return changed;
}

// The next smaller change that explain() tries.
double smaller(const std::string& kind, double value) {
  if (kind == "startSoc") return value - 0.01;
  if (kind == "maxSpeedKmh") return value + 5;
  if (kind == "batteryKwh") return value - 0.5;
  return value + 0.01;
}

void expect_true(const Case& made, const Relaxation& relaxation, std::uint64_t seed) {
  if (relaxation.kind == "station") {
    Case more = made;
    const auto place = std::ranges::find(more.places, relaxation.place_id, &Place::id);
    ASSERT_NE(place, more.places.end());
    const auto node = static_cast<NodeId>(place - more.places.begin());
    std::erase_if(more.sites, [&](const Site& site) { return site.node == node; });
    more.sites.push_back(site_at(node, *place, relaxation.value));
    const auto answer = OverlayPlanner(more.network()).plan(more.request);
    ASSERT_TRUE(answer && answer->plan) << "seed " << seed << " station at " << relaxation.place_id;
    EXPECT_LE(answer->plan->totals.seconds, relaxation.seconds + 1) << seed;
    return;
  }
  const OverlayPlanner planner(made.network());
  const auto answer = planner.plan(relaxed(made.request, relaxation.kind, relaxation.value));
  ASSERT_TRUE(answer && answer->plan) << "seed " << seed << ' ' << relaxation.kind << ' ' << relaxation.value;
  EXPECT_NEAR(answer->plan->totals.seconds, relaxation.seconds, 1) << seed << ' ' << relaxation.kind;
  const auto less = planner.plan(relaxed(made.request, relaxation.kind, smaller(relaxation.kind, relaxation.value)));
  if (less) {
    EXPECT_FALSE(less->plan) << "seed " << seed << ' ' << relaxation.kind << ": less is enough";
  }
}

TEST(Explain, WhatIsSaidOfAThousandImpossibleTripsIsTrue) {
  std::size_t infeasible = 0, relaxations = 0, stations = 0;
  for (std::uint64_t seed = 1; infeasible < 1'000; ++seed) {
    ASSERT_LT(seed, 20'000u);
    const Case made = random_case(seed);
    const auto answer = OverlayPlanner(made.network()).plan(made.request);
    ASSERT_TRUE(answer) << answer.error().detail << " seed " << seed;
    if (answer->plan) continue;
    ++infeasible;
    ASSERT_TRUE(answer->infeasible);
    const Infeasibility& why = *answer->infeasible;
    ASSERT_TRUE(why.gap_from && why.gap_to && why.furthest) << seed;
    EXPECT_GT(why.gap_distance_m, 0) << seed;
    EXPECT_GT(why.furthest_left_m, 0) << seed;
    for (const Relaxation& relaxation : why.relaxations) {
      ++relaxations;
      stations += relaxation.kind == "station";
      expect_true(made, relaxation, seed);
    }
  }
  EXPECT_GT(relaxations, 1'000u);
  EXPECT_GT(stations, 40u);
}

}  // namespace
}  // namespace evc::routing
