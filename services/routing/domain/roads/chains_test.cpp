#include "services/routing/domain/roads/chains.hpp"

#include <gtest/gtest.h>

namespace evc::routing::roads {
namespace {

struct Road {
  std::vector<std::uint32_t> nodes;
  std::uint8_t along = 10;
  std::uint8_t against = 10;
  std::uint8_t flags = 0;
};

RawRoads roads_of(std::uint32_t nodes, const std::vector<Road>& list) {
  RawRoads roads;
  for (std::uint32_t i = 0; i < nodes; ++i)
    roads.nodes.push_back({.point = {static_cast<std::int32_t>(i * i) * 1'000, static_cast<std::int32_t>(i) * 10'000}});
  for (const Road& road : list) {
    roads.ways.push_back({.osm_id = static_cast<std::int64_t>(roads.ways.size()),
                          .first_ref = static_cast<std::uint32_t>(roads.refs.size()),
                          .flags = road.flags,
                          .speed_along = road.along,
                          .speed_against = road.against});
    roads.refs.insert(roads.refs.end(), road.nodes.begin(), road.nodes.end());
  }
  return roads;
}

TEST(Chains, NodesThatRoadsOnlyPassDisappear) {
  // 0-1-2 and 2-3, turned round, are one road; 4 is no road.
  const Chains chains = make_chains(roads_of(5, {{{0, 1, 2}}, {{3, 2}}}));
  ASSERT_EQ(chains.chains.size(), 1U);
  ASSERT_EQ(chains.pieces.size(), 3U);
  EXPECT_EQ(chains.vertices.size(), 2U);
  EXPECT_FALSE(chains.pieces[1].against);
  EXPECT_TRUE(chains.pieces[2].against);
}

TEST(Chains, CrossingsStayAndLinesThroughThemAreCut) {
  const Chains chains = make_chains(roads_of(5, {{{0, 1, 2}}, {{3, 1, 4}}}));
  EXPECT_EQ(chains.chains.size(), 4U);
  EXPECT_EQ(chains.vertices.size(), 5U);
}

TEST(Chains, WherePassingMeansSomethingElseANodeStays) {
  EXPECT_EQ(make_chains(roads_of(3, {{{0, 1}}, {{1, 2}, 10, 0}})).chains.size(), 2U) << "two-way into one-way";
  EXPECT_EQ(make_chains(roads_of(3, {{{0, 1}, 10, 0}, {{1, 2}, 10, 0}})).chains.size(), 1U) << "one-way goes on";
  EXPECT_EQ(make_chains(roads_of(3, {{{0, 1}, 10, 0}, {{2, 1}, 0, 10}})).chains.size(), 1U) << "drawn the other way";
  EXPECT_EQ(make_chains(roads_of(3, {{{0, 1}, 10, 0}, {{2, 1}, 10, 0}})).chains.size(), 2U) << "both run into it";
  EXPECT_EQ(make_chains(roads_of(3, {{{0, 1}}, {{1, 2}, 10, 10, kRawToll}})).chains.size(), 2U) << "toll begins";
}

TEST(Chains, ABlockedNodeEndsEachRoadOnItsOwn) {
  RawRoads roads = roads_of(4, {{{0, 1, 2}}, {{1, 3}}});
  roads.nodes[1].blocked = true;
  const Chains chains = make_chains(roads);
  EXPECT_EQ(chains.chains.size(), 3U);
  EXPECT_EQ(chains.vertices.size(), 6U);
}

TEST(Chains, ARingWithoutACrossingIsOneChain) {
  const Chains chains = make_chains(roads_of(4, {{{0, 1, 2, 3, 0}}}));
  ASSERT_EQ(chains.chains.size(), 1U);
  EXPECT_EQ(chains.chains[0].tail, chains.chains[0].head);
  EXPECT_EQ(chains.pieces.size(), 4U);
}

TEST(Chains, WhatARestrictionNamesStays) {
  RawRoads roads = roads_of(3, {{{0, 1}}, {{1, 2}}});
  roads.turns.push_back({.from_way = 0, .to_way = 1, .via_node = 1, .via_ways = {}});
  const Chains chains = make_chains(roads);
  EXPECT_EQ(chains.chains.size(), 2U);
  EXPECT_TRUE(chains.vertex_of_node.contains(1));
}

}  // namespace
}  // namespace evc::routing::roads
