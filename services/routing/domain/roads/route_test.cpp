// Queries on the hierarchy against a plain search, for every kind of metric; the lanes of the answer driven again.
#include "services/routing/domain/roads/route.hpp"

#include <gtest/gtest.h>

#include "services/routing/domain/roads/many_to_many.hpp"
#include "services/routing/domain/roads/town_fixture_test.hpp"

namespace evc::routing::roads {
namespace {

const Hills kHills;

ev::EnergyModel a_car() {
  ev::Vehicle car{.usable_kwh = 50, .mass_kg = 1'700, .cda_m2 = 0.65, .crr = 0.01};
  return {car, {}};
}

std::vector<Weight> weights_of(const RoadNetwork& network, int kind) {
  switch (kind) {
    case 0:
      return free_flow_weights(network);
    case 1:
      return blended_weights(network, energy_rates(a_car(), {.speed_cap_kmh = 60}), {.milliseconds_per_wh = 0});
    case 2:
      return blended_weights(network, energy_rates(a_car(), {}), {.milliseconds_per_wh = 300});
    default:  // energy nearly alone: many lanes downhill weigh less than nothing
      return blended_weights(network, energy_rates(a_car(), {}), {.milliseconds_per_wh = 5'000});
  }
}

// The steps follow each other on the graph, honour what is remembered of turns, and weigh what the answer says.
void expect_drivable(const RoadNetwork& network, const Metric& metric, const Route& route) {
  double weight = 0;
  for (const RouteStep& step : route.steps) {
    ASSERT_TRUE(network.open(step.lane));
    weight += metric.of_lane(step.lane) * (step.to - step.from);
  }
  EXPECT_NEAR(weight, route.weight, 2.0);
  if (route.steps.size() < 2) return;
  Node node = network.arc_head[network.arcs_of_lane(route.steps.front().lane).front()];
  for (std::size_t i = 1; i < route.steps.size(); ++i) {
    ArcId arc = network.first_arc[node];
    while (arc < network.first_arc[node + 1] && network.arc_lane[arc] != route.steps[i].lane) ++arc;
    ASSERT_LT(arc, network.first_arc[node + 1]) << "step " << i << " cannot be driven from the one before";
    node = network.arc_head[arc];
  }
}

TEST(RoadRoute, EqualsAPlainSearchOnRandomTowns) {
  std::size_t queries = 0, reached = 0, negative = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    Town town({.seed = seed, .side = 8 + static_cast<int>(seed), .restrictions = static_cast<int>(seed) * 4});
    const BuiltNetwork built = build_network(town.roads, {.elevation = &kHills});
    const RoadNetwork network = view_of(built.data);
    const std::vector<Weight> weights = weights_of(network, static_cast<int>(seed % 4));
    for (const Weight weight : weights) negative += weight < 0 ? 1 : 0;
    const Metric metric(network, weights);
    RouteQuery query(network, metric);
    for (int source = 0; source < 22; ++source) {
      const auto from = nearest_road(network, town.somewhere(), Snapping::kAnywhere, 1e6);
      ASSERT_TRUE(from);
      const auto reference = reference_weights(network, weights, ways_from(network, metric, *from));
      for (int target = 0; target < 22; ++target, ++queries) {
        const auto to = nearest_road(network, town.somewhere(), Snapping::kAnywhere, 1e6);
        const Weight expected = reference_between(network, metric, reference, *from, *to);
        const auto route = query.run(*from, *to);
        ASSERT_EQ(route ? route->weight : kInfinite, expected);
        ASSERT_EQ(query.weight(*from, *to) >= kUnreachable ? kInfinite : query.weight(*from, *to), expected);
        if (!route) continue;
        ++reached;
        expect_drivable(network, metric, *route);
      }
    }
  }
  EXPECT_GE(queries, 10'000U);
  EXPECT_GE(reached, queries / 2);
  EXPECT_GE(negative, 100U);
}

TEST(RoadRoute, ManyToManyEqualsSingleQueries) {
  Town town({.seed = 77, .side = 25});
  const BuiltNetwork built = build_network(town.roads, {});
  const RoadNetwork network = view_of(built.data);
  const Metric metric(network, free_flow_weights(network));
  RouteQuery query(network, metric);
  std::vector<RoadPlace> places;
  for (int i = 0; i < 60; ++i) places.push_back(*nearest_road(network, town.somewhere(), Snapping::kAnywhere, 1e6));
  constexpr Weight kLimit = 150'000;
  TargetBuckets all(network, metric, places, kInfinite), near(network, metric, places, kLimit);
  std::size_t cut = 0;
  for (const RoadPlace& source : places) {
    const auto row = all.row(source), short_row = near.row(source);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const Weight expected = query.weight(source, places[i]);
      ASSERT_EQ(row[i], expected >= kUnreachable ? kInfinite : expected);
      ASSERT_EQ(short_row[i], expected <= kLimit ? expected : kInfinite);
      cut += expected > kLimit ? 1 : 0;
    }
  }
  EXPECT_GT(cut, 100U);
}

TEST(RoadRoute, GeometryAndTotalsFollowTheRoad) {
  Town town({.seed = 5, .side = 15});
  const BuiltNetwork built = build_network(town.roads, {.elevation = &kHills});
  const RoadNetwork network = view_of(built.data);
  const Metric metric(network, free_flow_weights(network));
  RouteQuery query(network, metric);
  int routes = 0;
  for (int i = 0; i < 200; ++i) {
    const auto from = nearest_road(network, town.somewhere(), Snapping::kWellConnected, 1e6);
    const auto to = nearest_road(network, town.somewhere(), Snapping::kWellConnected, 1e6);
    const auto route = query.run(*from, *to);
    if (!route) continue;
    ++routes;
    const std::vector<Position> line = geometry(network, *route);
    EXPECT_LT(great_circle_m(line.front(), from->position), 1);
    EXPECT_LT(great_circle_m(line.back(), to->position), 1);
    double length = 0;
    for (std::size_t p = 0; p + 1 < line.size(); ++p) length += great_circle_m(line[p], line[p + 1]);
    const RouteTotals sum = totals(network, *route);
    EXPECT_NEAR(length, sum.length_m, 0.1 * static_cast<double>(route->steps.size()) + 1);
    EXPECT_NEAR(sum.seconds * 1'000, route->weight, 2);
  }
  EXPECT_GT(routes, 100);
}

TEST(RoadRoute, WhatARouteAsksServesEveryVehicleAndSpeed) {
  Town town({.seed = 6, .side = 15});
  const BuiltNetwork built = build_network(town.roads, {.elevation = &kHills});
  const RoadNetwork network = view_of(built.data);
  const Metric metric(network, free_flow_weights(network));
  RouteQuery query(network, metric);
  for (int i = 0; i < 50; ++i) {
    const auto from = nearest_road(network, town.somewhere(), Snapping::kWellConnected, 1e6);
    const auto to = nearest_road(network, town.somewhere(), Snapping::kWellConnected, 1e6);
    const auto route = query.run(*from, *to);
    if (!route) continue;
    const RouteDemand asked = demand(network, *route);
    for (const std::optional<double> cap : {std::optional<double>(), std::optional<double>(45)}) {
      const EnergyRates rates = energy_rates(a_car(), {.speed_cap_kmh = cap});
      double seconds = 0, wh = 0;
      for (const RouteStep& step : route->steps) {
        const LaneCost lane = lane_cost(network, rates, step.lane);
        seconds += lane.seconds * (step.to - step.from);
        wh += lane.battery_wh * (step.to - step.from);
      }
      const LaneCost cost = cost_of(asked, rates);
      EXPECT_NEAR(cost.battery_wh, wh, 1e-6 * std::abs(wh) + 1e-3);
      EXPECT_NEAR(cost.seconds, seconds, 1e-6);
    }
  }
}

}  // namespace
}  // namespace evc::routing::roads
