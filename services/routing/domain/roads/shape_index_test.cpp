#include "services/routing/domain/roads/shape_index.hpp"

#include <gtest/gtest.h>

#include "services/routing/domain/roads/town_fixture_test.hpp"

namespace evc::routing::roads {
namespace {

double least_distance(const RoadNetwork& network, const Position& position, Snapping snapping) {
  double least = 1e9;
  for (SegmentId segment = 0; segment < network.segment_count(); ++segment) {
    if (snapping == Snapping::kWellConnected && (network.segments[segment].flags & kTiny) != 0) continue;
    const auto shape = network.shape(segment);
    for (std::size_t i = 0; i + 1 < shape.size(); ++i)
      least =
          std::min(least, project(position, position_of(shape[i].point), position_of(shape[i + 1].point)).distance_m);
  }
  return least;
}

TEST(ShapeIndex, FindsWhatLookingAtEveryRoadFinds) {
  Town town({.seed = 3, .side = 30, .one_way = 0.6, .missing = 0.4});
  const BuiltNetwork built = build_network(town.roads, {});
  const RoadNetwork network = view_of(built.data);
  ASSERT_GT(built.tiny_segments, 0U);
  for (int i = 0; i < 1'000; ++i) {
    Position position = town.somewhere();
    position.lat += (town.chance() - 0.5) * (i % 10 == 0 ? 0.2 : 0.002);
    for (const Snapping snapping : {Snapping::kAnywhere, Snapping::kWellConnected}) {
      const auto found = nearest_road(network, position, snapping, 1e6);
      ASSERT_TRUE(found);
      EXPECT_NEAR(found->distance_m, least_distance(network, position, snapping), 0.05 + found->distance_m * 1e-3);
      EXPECT_GE(found->share, 0);
      EXPECT_LE(found->share, 1);
    }
  }
}

TEST(ShapeIndex, NothingBeyondTheLimitOrWithoutRoads) {
  Town town({.seed = 4});
  const BuiltNetwork built = build_network(town.roads, {});
  const RoadNetwork network = view_of(built.data);
  const Position far{-23, -46};
  const auto found = nearest_road(network, far, Snapping::kAnywhere, 1e7);
  ASSERT_TRUE(found);
  EXPECT_GT(found->distance_m, 90'000);
  EXPECT_FALSE(nearest_road(network, far, Snapping::kAnywhere, found->distance_m * 0.9));
  const BuiltNetwork nothing = build_network({}, {});
  EXPECT_FALSE(nearest_road(view_of(nothing.data), far, Snapping::kAnywhere, 1e7));
}

}  // namespace
}  // namespace evc::routing::roads
