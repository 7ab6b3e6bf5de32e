#include "services/routing/domain/roads/target_weights.hpp"

#include <gtest/gtest.h>

#include "services/routing/domain/roads/town_fixture_test.hpp"

namespace evc::routing::roads {
namespace {

TEST(TargetWeights, AreThoseOfAQueryFromEveryNode) {
  int reached = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Town town({.seed = seed});
    Town places({.seed = seed + 100});
    const Hills hills;
    const RoadNetworkData data = build_network(std::move(town.roads), {.elevation = &hills}).data;
    const RoadNetwork network = view_of(data);
    const ev::Vehicle car{.usable_kwh = 50, .mass_kg = 1'700, .cda_m2 = 0.65, .crr = 0.01};
    const EnergyRates rates = energy_rates({car, {}}, {.speed_cap_kmh = 80});
    for (const Blend& blend : {Blend{.milliseconds_per_wh = 300}, Blend{.milliseconds_per_wh = 100, .time_share = 0}}) {
      const Metric metric(network, blended_weights(network, rates, blend));
      RouteQuery query(network, metric);
      for (int i = 0; i < 5; ++i) {
        const auto target = nearest_road(network, places.somewhere(), Snapping::kWellConnected, 1e5);
        ASSERT_TRUE(target);
        TargetWeights weights(network, metric, *target);
        const std::vector<RouteEnd> ends = ways_to(network, metric, *target);
        for (Node node = 0; node < network.node_count(); ++node) {
          const RouteEnd here{.node = node};
          const Weight expected = query.weight(std::span(&here, 1), ends);
          const Weight found = weights.from(node);
          if (expected >= kUnreachable) {
            EXPECT_GE(found, kUnreachable);
            continue;
          }
          ++reached;
          EXPECT_EQ(found, expected) << seed << ' ' << node;
        }
      }
    }
  }
  EXPECT_GT(reached, 1'000);
}

}  // namespace
}  // namespace evc::routing::roads
