#include "services/routing/domain/roads/contraction_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "services/routing/domain/roads/components.hpp"
#include "services/routing/domain/roads/inertial_flow.hpp"
#include "services/routing/domain/roads/town_fixture_test.hpp"

namespace evc::routing::roads {
namespace {

struct Grid {
  explicit Grid(Node side) : graph{.first = {0}, .neighbour = {}} {
    for (Node y = 0; y < side; ++y) {
      for (Node x = 0; x < side; ++x) {
        positions.push_back({static_cast<std::int32_t>(y) * 1'000, static_cast<std::int32_t>(x) * 1'000});
        if (y > 0) graph.neighbour.push_back((y - 1) * side + x);
        if (x > 0) graph.neighbour.push_back(y * side + x - 1);
        if (x + 1 < side) graph.neighbour.push_back(y * side + x + 1);
        if (y + 1 < side) graph.neighbour.push_back((y + 1) * side + x);
        graph.first.push_back(static_cast<std::uint32_t>(graph.neighbour.size()));
      }
    }
  }
  Adjacency graph;
  std::vector<Point> positions;
};

TEST(InertialFlow, TheSeparatorSeparatesAndIsSmall) {
  const Grid grid(40);
  const std::vector<Side> sides = separate(grid.graph, grid.positions);
  const auto count = [&](Side side) { return std::ranges::count(sides, side); };
  EXPECT_LE(count(Side::kSeparator), 40);
  EXPECT_GE(std::min(count(Side::kLeft), count(Side::kRight)), 300);
  for (Node v = 0; v < grid.graph.node_count(); ++v)
    for (const Node w : grid.graph.of(v))
      EXPECT_FALSE(sides[v] == Side::kLeft && sides[w] == Side::kRight) << v << " – " << w;
}

TEST(InertialFlow, AShapeWithoutTwoSidesStillEnds) {
  Adjacency clique{.first = {0}, .neighbour = {}};
  std::vector<Point> positions(70);
  for (Node v = 0; v < 70; ++v) {
    for (Node w = 0; w < 70; ++w)
      if (w != v) clique.neighbour.push_back(w);
    clique.first.push_back(static_cast<std::uint32_t>(clique.neighbour.size()));
  }
  const auto order = contraction_order(clique, positions, [](std::size_t) {});
  EXPECT_EQ(std::set(order.begin(), order.end()).size(), 70U);
}

TEST(ContractionOrder, EveryNodeOnceAndFewEdgesAreAdded) {
  const Grid grid(60);
  RoadNetworkData network;
  const auto order = contraction_order(grid.graph, grid.positions, [](std::size_t) {});
  ASSERT_EQ(std::set(order.begin(), order.end()).size(), 3'600U);
  std::vector<Node> rank(order.size());
  for (Node i = 0; i < order.size(); ++i) rank[order[i]] = i;
  network.first_arc = {0};
  for (const Node v : order) {
    for (const Node w : grid.graph.of(v)) {
      network.arc_head.push_back(rank[w]);
      network.arc_lane.push_back(0);
    }
    network.first_arc.push_back(static_cast<std::uint32_t>(network.arc_head.size()));
    network.node_points.push_back(grid.positions[v]);
  }
  add_hierarchy(network);
  std::size_t most = 0;
  for (Node v = 0; v < 3'600; ++v) most = std::max<std::size_t>(most, network.first_up[v + 1] - network.first_up[v]);
  EXPECT_LE(most, 120U);
  EXPECT_LE(network.up_head.size(), 90'000U) << "a random order has several hundred thousand";
}

TEST(ContractionOrder, LongLinesBecomeFlatTrees) {
  RoadNetworkData network;
  constexpr Node kLength = 4'096;
  std::vector<std::uint32_t> first = {0};
  std::vector<Node> head;
  for (Node v = 0; v < kLength; ++v) {
    if (v + 1 < kLength) head.push_back(v + 1);
    first.push_back(static_cast<std::uint32_t>(head.size()));
  }
  const Adjacency line = undirected(first, head);
  std::vector<Point> positions(kLength);
  const auto order = contraction_order(line, positions, [](std::size_t) {});
  std::vector<Node> rank(kLength);
  for (Node i = 0; i < kLength; ++i) rank[order[i]] = i;
  network.first_arc = {0};
  for (const Node v : order) {
    for (const Node w : line.of(v)) network.arc_head.push_back(rank[w]);
    network.first_arc.push_back(static_cast<std::uint32_t>(network.arc_head.size()));
  }
  network.arc_lane.assign(network.arc_head.size(), 0);
  network.node_points.assign(kLength, {});
  add_hierarchy(network);
  std::size_t deepest = 0;
  for (Node v = 0; v < kLength; ++v) {
    std::size_t depth = 0;
    for (Node at = v; network.first_up[at] < network.first_up[at + 1]; at = network.up_head[network.first_up[at]])
      ++depth;
    deepest = std::max(deepest, depth);
  }
  EXPECT_LE(deepest, 60U);
}

TEST(Components, PartsThatReachEachOther) {
  // 0 → 1 → 2 → 0, 2 → 3, 3 ↔ 4, 5 alone
  const std::vector<std::uint32_t> first = {0, 1, 2, 4, 5, 6, 6};
  const std::vector<Node> head = {1, 2, 0, 3, 4, 3};
  const auto part = strong_components(first, head);
  EXPECT_EQ(part[0], part[1]);
  EXPECT_EQ(part[1], part[2]);
  EXPECT_EQ(part[3], part[4]);
  EXPECT_EQ((std::set{part[0], part[3], part[5]}.size()), 3U);
}

}  // namespace
}  // namespace evc::routing::roads
