// The search against a different method: dynamic programming over a fine grid of stored energy, rounded in the car's
// favour and against it, brackets the exact optimum from both sides. And rules that must hold whatever the numbers are.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <queue>
#include <random>
#include <tuple>

#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/shipped_network.hpp"
#include "services/routing/domain/small_car_test.hpp"

namespace evc::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSpeedKmh = 80;
constexpr int kLevels = 400;

struct Instance {
  std::shared_ptr<const Network> network;
  TripRequest request;
};

// Hills, and a site everywhere. On a tree two places have one road, so the overlay holds every trip; on a ring with
// chords it holds the fastest and a thrifty road of each pair.
enum class Shape { kTree, kRing };

Instance random_instance(std::uint64_t seed, Shape shape = Shape::kTree) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const int n = 7;
  std::vector<Place> places;
  for (int i = 0; i < n; ++i) {
    places.push_back({.id = std::to_string(i),
                      .name = "P",
                      .state = "X",
                      .position = {uniform(-22, -21), uniform(-46, -45)},
                      .elevation_m = uniform(0, 900)});
  }
  std::vector<Arc> arcs;
  const auto connect = [&](int a, int b) {
    const double length = great_circle_m(places[a].position, places[b].position) * uniform(1.05, 1.5) + 1000;
    const double rise = places[b].elevation_m - places[a].elevation_m, swing = uniform(0, 200);
    Arc there{.from = static_cast<NodeId>(a),
              .to = static_cast<NodeId>(b),
              .length_m = length,
              .speed_mps = uniform(60, 120) / 3.6,
              .climb_m = swing + std::max(0.0, rise),
              .descent_m = swing + std::max(0.0, -rise)};
    Arc back = there;
    std::swap(back.from, back.to);
    std::swap(back.climb_m, back.descent_m);
    arcs.push_back(there);
    arcs.push_back(back);
  };
  if (shape == Shape::kTree) {
    for (int i = 1; i < n; ++i) connect(static_cast<int>(random() % static_cast<std::uint64_t>(i)), i);
  } else {
    for (int i = 0; i < n; ++i) connect(i, (i + 1) % n);
    connect(0, 3);
    connect(2, 5);
  }
  std::vector<Site> sites;
  for (int i = 0; i < n; ++i) {
    Site site{.id = "S" + std::to_string(i),
              .name = "S",
              .network = "N",
              .position = places[i].position,
              .node = static_cast<NodeId>(i)};
    site.connectors.push_back(
        {.id = 1, .type = "CCS2", .power_kw = std::array{11.0, 25.0, 50.0, 60.0}[random() % 4], .current = "DC"});
    site.tariff.per_kwh_minor = 200;
    sites.push_back(site);
  }
  Instance instance{.network = std::make_shared<const Network>(Network::build(places, arcs, {"R"}, sites).value())};
  TripRequest& request = instance.request;
  request.from = {.place = 0};
  request.to = {.place = static_cast<NodeId>(2 + random() % 4)};
  request.vehicle = small_car();
  request.soc = uniform(0.2, 0.7);
  request.min_stop_soc = 0;
  request.min_arrival_soc = uniform(0.05, 0.6);
  request.max_charge_soc = uniform(0.7, 1.0);
  request.overhead_seconds = uniform(0, 600);
  request.max_speed_kmh = kSpeedKmh;
  return instance;
}

enum class Rounding { kForTheCar, kAgainstIt };

// Seconds of the best trip on the grid. The highest charge level is the request's own limit, rounded the same way.
double grid_optimum(const Instance& instance, Rounding rounding) {
  const TripRequest& request = instance.request;
  const Network& network = *instance.network;
  const ev::EnergyModel model(request.vehicle, request.conditions);
  const double step = model.capacity_wh() / kLevels;
  const auto level = [&](double wh) {
    return static_cast<int>(rounding == Rounding::kForTheCar ? std::ceil(wh / step - 1e-9)
                                                             : std::floor(wh / step + 1e-9));
  };
  const int most = level(request.max_charge_soc * model.capacity_wh()),
            needed = level(request.min_arrival_soc * model.capacity_wh() -
                           (rounding == Rounding::kForTheCar ? step : -step));
  std::vector<ev::ChargingCurve> curves;
  for (const Site& site : network.sites())
    curves.emplace_back(request.vehicle, site.connectors[0].power_kw, ev::Current::kDc);
  const auto index = [&](NodeId node, int energy, bool charged) {
    return (node * (kLevels + 1) + static_cast<std::size_t>(energy)) * 2 + (charged ? 1 : 0);
  };
  std::vector<double> best(network.places().size() * (kLevels + 1) * 2, kInfinity);
  using Item = std::tuple<double, NodeId, int, bool>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  const auto relax = [&](double seconds, NodeId node, int energy, bool charged) {
    double& known = best[index(node, energy, charged)];
    if (seconds >= known) return;
    known = seconds;
    queue.emplace(seconds, node, energy, charged);
  };
  relax(0, *request.from.place, std::min(kLevels, level(request.soc * model.capacity_wh())), false);
  while (!queue.empty()) {
    const auto [seconds, node, energy, charged] = queue.top();
    queue.pop();
    if (seconds > best[index(node, energy, charged)]) continue;
    if (node == *request.to.place && energy >= needed) return seconds;
    for (const Arc& arc : network.arcs_from(node)) {
      const double speed = std::min(arc.speed_mps, kSpeedKmh / 3.6);
      const double elevation = (network.places()[arc.from].elevation_m + network.places()[arc.to].elevation_m) / 2;
      const double cost = model.battery_wh({.length_m = arc.length_m,
                                            .speed_mps = speed,
                                            .climb_m = arc.climb_m,
                                            .descent_m = arc.descent_m,
                                            .elevation_m = elevation});
      const int arrived = std::min(kLevels, level(energy * step - cost));
      if (arrived >= 0) relax(seconds + arc.length_m / speed, arc.to, arrived, false);
    }
    if (charged) continue;
    for (int to = energy + 1; to <= most; ++to) {
      relax(seconds + request.overhead_seconds +
                curves[node].seconds(energy * step / model.capacity_wh(), to * step / model.capacity_wh()),
            node, to, true);
    }
  }
  return kInfinity;
}

OverlayPlanner planner_of(const Instance& instance) {
  return OverlayPlanner(std::make_shared<const ShippedNetwork>(instance.network));
}

double exact_optimum(const Instance& instance) {
  const auto answer = planner_of(instance).plan(instance.request);
  EXPECT_TRUE(answer) << answer.error().detail;
  if (!answer || !answer->plan) return kInfinity;
  EXPECT_EQ(answer->certificate.status, Certificate::Status::kExact);
  return answer->plan->totals.seconds;
}

TEST(OverlayPlanner, LiesBetweenTwoGrids) {
  int feasible = 0, with_stops = 0;
  double widest = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Instance instance = random_instance(seed);
    const double low = grid_optimum(instance, Rounding::kForTheCar),
                 high = grid_optimum(instance, Rounding::kAgainstIt);
    const double exact = exact_optimum(instance);
    ASSERT_LE(low, exact + 1e-3) << "seed " << seed;
    ASSERT_LE(exact, high + 1e-3) << "seed " << seed;
    if (high == kInfinity) continue;
    ++feasible;
    with_stops += exact > 0 && planner_of(instance).plan(instance.request)->plan->totals.stops > 0;
    widest = std::max(widest, (high - low) / exact);
  }
  // The bracket says something only when it is narrow and the instances are not trivial.
  EXPECT_GE(feasible, 25);
  EXPECT_GE(with_stops, 15);
  EXPECT_LT(widest, 0.15);
}

TEST(OverlayPlanner, WhatHelpsTheCarIsNeverSlower) {
  for (std::uint64_t seed = 100; seed < 160; ++seed) {
    const Instance instance = random_instance(seed);
    const double base = exact_optimum(instance);
    const auto no_slower = [&](const char* what, auto&& change) {
      Instance changed = instance;
      change(changed.request);
      EXPECT_LE(exact_optimum(changed), base + 1e-3) << what << ", seed " << seed;
    };
    no_slower("more charge at the start", [](TripRequest& r) { r.soc = std::min(1.0, r.soc + 0.1); });
    no_slower("a lower reserve at the end", [](TripRequest& r) { r.min_arrival_soc *= 0.5; });
    no_slower("charging further", [](TripRequest& r) { r.max_charge_soc = 1; });
    no_slower("less overhead", [](TripRequest& r) { r.overhead_seconds *= 0.5; });
    Instance fewer = instance;
    fewer.request.filter.exclude = {"S1", "S4"};
    EXPECT_GE(exact_optimum(fewer), base - 1e-3) << "fewer sites, seed " << seed;
  }
}

TEST(OverlayPlanner, ALimitMakesTheAnswerBoundedNeverWrong) {
  int bounded = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Instance instance = random_instance(seed);
    const double exact = exact_optimum(instance);
    for (const std::size_t limit : {3, 5, 8, 12, 20}) {
      instance.request.label_limit = limit;
      const auto answer = planner_of(instance).plan(instance.request);
      if (!answer || !answer->plan) continue;
      EXPECT_GE(answer->plan->totals.seconds, exact - 1e-3);
      EXPECT_LE(answer->certificate.lower_bound_seconds, exact + 1e-3) << seed;
      bounded += answer->certificate.status == Certificate::Status::kBounded;
    }
  }
  EXPECT_GT(bounded, 0);
}

// With two roads per pair of places the overlay misses a third one now and then: the answer stays feasible and near.
TEST(OverlayPlanner, OnARingItIsNearTheWholeGraph) {
  int worse = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Instance instance = random_instance(seed, Shape::kRing);
    const double low = grid_optimum(instance, Rounding::kForTheCar),
                 high = grid_optimum(instance, Rounding::kAgainstIt);
    const double exact = exact_optimum(instance);
    ASSERT_LE(low, exact + 1e-3) << "seed " << seed;
    if (high == kInfinity) continue;
    ASSERT_LE(exact, high * 1.05) << "seed " << seed;
    worse += exact > high + 1e-3;
  }
  EXPECT_LE(worse, 3);
}

TEST(OverlayPlanner, GivingUpIsAnError) {
  Instance instance = random_instance(3);
  instance.request.give_up = [] { return true; };
  instance.request.soc = 0.3;
  const auto answer = planner_of(instance).plan(instance.request);
  if (!answer) {
    EXPECT_EQ(answer.error().code, Code::kDeadlineExceeded);
  }
}

TEST(Network, LoadingSaysWhichLineIsWrong) {
  const std::string places =
      "id,name,state,lat,lon,elevationM,elevationStatus,population,positionStatus\na,A,X,-20,-40,10,estimated,1,"
      "estimated\n";
  const std::string arcs = "from,to,road,class,terrain,km,kmh,climbM,descentM\na,b,R,dual,flat,10,90,1,1\n";
  const auto loaded = Network::load({.places = places, .arcs = arcs, .sites = R"({"sites":[]})"});
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().detail.find("arcs.csv:2"), std::string::npos) << loaded.error().detail;
  // The line is that of the text: empty ones count.
  const auto wrong_km = Network::load({.places = places,
                                       .arcs = "from,to,road,class,terrain,km,kmh,climbM,descentM\n\n\n"
                                               "a,a,R,dual,flat,far,90,1,1\n",
                                       .sites = R"({"sites":[]})"});
  ASSERT_FALSE(wrong_km);
  EXPECT_NE(wrong_km.error().detail.find("arcs.csv:4: not a number: far"), std::string::npos)
      << wrong_km.error().detail;
}

}  // namespace
}  // namespace evc::routing
