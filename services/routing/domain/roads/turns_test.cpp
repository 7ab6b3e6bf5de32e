// Turn restrictions: cases drawn by hand, and random towns against a search that keeps the last lanes and reads the
// restrictions as they are written.
#include "services/routing/domain/roads/turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "services/routing/domain/roads/town_fixture_test.hpp"

namespace evc::routing::roads {
namespace {

struct Drawn {
  RawRoads roads;
  std::uint32_t node(std::int32_t north, std::int32_t east) {
    roads.nodes.push_back({.point = {-220'000'000 + north * 10'000, -460'000'000 + east * 10'000}});
    return static_cast<std::uint32_t>(roads.nodes.size() - 1);
  }
  std::uint32_t road(const std::vector<std::uint32_t>& nodes) {
    roads.ways.push_back(
        {.first_ref = static_cast<std::uint32_t>(roads.refs.size()), .speed_along = 10, .speed_against = 10});
    roads.refs.insert(roads.refs.end(), nodes.begin(), nodes.end());
    return static_cast<std::uint32_t>(roads.ways.size() - 1);
  }
};

// The nodes that the best way passes, from the middle of one road to the middle of another; empty: no way.
std::vector<Position> drive(const RawRoads& roads, Position from, Position to) {
  const BuiltNetwork built = build_network(roads, {});
  const RoadNetwork network = view_of(built.data);
  const Metric metric(network, free_flow_weights(network));
  RouteQuery query(network, metric);
  const auto route = query.run(*nearest_road(network, from, Snapping::kAnywhere, 1e5),
                               *nearest_road(network, to, Snapping::kAnywhere, 1e5));
  return route ? geometry(network, *route) : std::vector<Position>{};
}

bool passes(const std::vector<Position>& line, const RawRoads& roads, std::uint32_t node) {
  return std::ranges::find(line, position_of(roads.nodes[node].point)) != line.end();
}

// A street s–a–b, with a road n–a–m across at a and a parallel way round n–c–d–b–m… over b.
struct Crossing : Drawn {
  std::uint32_t s = node(0, 0), a = node(0, 10), b = node(0, 20), e = node(0, 30), n = node(10, 10), m = node(10, 20);
  std::uint32_t sa = road({s, a}), ab = road({a, b}), be = road({b, e}), an = road({a, n}), bm = road({b, m}),
                nm = road({n, m});
  Position start = position_of({-220'000'000, -460'000'000 + 50'000});
  Position goal = position_of({-220'000'000 + 50'000, -460'000'000 + 100'000});  // on a–n
};

TEST(Turns, AForbiddenTurnIsDrivenAround) {
  Crossing map;
  EXPECT_FALSE(passes(drive(map.roads, map.start, map.goal), map.roads, map.b));
  map.roads.turns.push_back({.from_way = map.sa, .to_way = map.an, .via_node = map.a, .via_ways = {}});
  const auto line = drive(map.roads, map.start, map.goal);
  EXPECT_TRUE(passes(line, map.roads, map.b));
  EXPECT_TRUE(passes(line, map.roads, map.n)) << "not by turning round at b: round the block";
}

TEST(Turns, AMandatoryTurnForbidsTheOthers) {
  Crossing map;
  map.roads.turns.push_back(
      {.from_way = map.sa, .to_way = map.ab, .via_node = map.a, .via_ways = {}, .kind = TurnKind::kMandatory});
  EXPECT_TRUE(passes(drive(map.roads, map.start, map.goal), map.roads, map.n));
}

TEST(Turns, ARestrictionOverAWayHoldsOnlyForWhoCameThatWay) {
  Crossing map;
  const Position on_bm = position_of({-220'000'000 + 50'000, -460'000'000 + 200'000});
  EXPECT_FALSE(passes(drive(map.roads, map.start, on_bm), map.roads, map.n));
  map.roads.turns.push_back({.from_way = map.sa, .to_way = map.bm, .via_node = {}, .via_ways = {map.ab}});
  EXPECT_TRUE(passes(drive(map.roads, map.start, on_bm), map.roads, map.n));
  const Position on_ab = position_of({-220'000'000, -460'000'000 + 150'000});
  EXPECT_FALSE(passes(drive(map.roads, on_ab, on_bm), map.roads, map.n)) << "who starts on the way itself may turn";
}

TEST(Turns, WhatCannotBeUnderstoodIsCounted) {
  Crossing map;
  const std::uint32_t through = map.road({map.node(-10, 10), map.a, map.node(-10, 20)});
  map.roads.turns.push_back({.from_way = through, .to_way = map.an, .via_node = map.a, .via_ways = {}});
  map.roads.turns.push_back({.from_way = map.nm, .to_way = map.an, .via_node = map.a, .via_ways = {}});
  const BuiltNetwork built = build_network(map.roads, {});
  EXPECT_EQ(built.restrictions_ambiguous, 1U);
  EXPECT_EQ(built.restrictions_without_effect, 1U);
  EXPECT_EQ(built.restrictions, 0U);
}

TEST(Turns, ADeadEndIsForTurningRound) {
  Crossing map;  // e is a dead end
  const Position on_be = position_of({-220'000'000, -460'000'000 + 250'000});
  map.roads.turns.push_back({.from_way = map.be, .to_way = map.bm, .via_node = map.b, .via_ways = {}});
  map.roads.turns.push_back({.from_way = map.be, .to_way = map.ab, .via_node = map.b, .via_ways = {}});
  EXPECT_TRUE(drive(map.roads, on_be, map.goal).empty()) << "both ways out are forbidden";
}

// --- random towns

class WrittenRules {
 public:
  WrittenRules(const RawRoads& roads, const Chains& chains, const std::vector<Lane>& lanes)
      : roads_(roads), chains_(chains), lanes_(lanes) {
    for (LaneId lane = 0; lane < 2 * chains.chains.size(); ++lane)
      if (open(lane)) leaving_[tail(lane)].push_back(lane);
    for (LaneId last = 0; last < 2 * chains.chains.size(); ++last) {
      if (!open(last)) continue;
      note_restricted(kNone, last);
      for (LaneId before = 0; before < 2 * chains.chains.size(); ++before)
        if (open(before) && head(before) == tail(last)) note_restricted(before, last);
    }
  }

  bool open(LaneId lane) const { return lanes_[lane].milliseconds != kNone; }
  Vertex head(LaneId lane) const {
    const Chain& chain = chains_.chains[segment_of(lane)];
    return is_against(lane) ? chain.tail : chain.head;
  }
  Vertex tail(LaneId lane) const { return head(reversed(lane)); }
  const std::vector<LaneId>& leaving(Vertex vertex) const {
    static const std::vector<LaneId> kNothing;
    const auto found = leaving_.find(vertex);
    return found == leaving_.end() ? kNothing : found->second;
  }

  // A restriction, or turning round next to one.
  bool forbidden(LaneId before, LaneId last, LaneId next) const {
    if (next == reversed(last) && restricted_.contains(tail(last)) && leaving(head(last)).size() > 1) return true;
    return restricted(before, last, next);
  }

 private:
  void note_restricted(LaneId before, LaneId last) {
    for (const RawTurn& turn : roads_.turns) {
      for (const LaneId next : leaving(head(last))) {
        if (!breaks(turn, before, last, next)) continue;
        restricted_.insert(head(last));
        if (!turn.via_ways.empty()) restricted_.insert(tail(last));
      }
    }
  }
  bool restricted(LaneId before, LaneId last, LaneId next) const {
    return std::ranges::any_of(roads_.turns, [&](const RawTurn& turn) { return breaks(turn, before, last, next); });
  }
  std::uint32_t first_way(LaneId lane) const {
    const SegmentId s = segment_of(lane);
    return chains_.pieces[is_against(lane) ? chains_.pieces_end(s) - 1 : chains_.chains[s].first_piece].way;
  }
  std::uint32_t last_way(LaneId lane) const { return first_way(reversed(lane)); }
  bool touches(std::uint32_t way, Vertex vertex) const {
    for (std::uint32_t ref = roads_.ways[way].first_ref; ref < roads_.refs_end(way); ++ref) {
      const auto found = chains_.vertex_of_node.find(roads_.refs[ref]);
      if (found != chains_.vertex_of_node.end() && found->second == vertex) return true;
    }
    return false;
  }

  bool breaks(const RawTurn& turn, LaneId before, LaneId last, LaneId next) const {
    const Vertex here = head(last);
    if (turn.via_node) {
      const auto via = chains_.vertex_of_node.find(*turn.via_node);
      if (via == chains_.vertex_of_node.end() || via->second != here || last_way(last) != turn.from_way) return false;
    } else {
      if (before == kNone || first_way(last) != turn.via_ways[0] || last_way(last) != turn.via_ways[0]) return false;
      if (last_way(before) != turn.from_way || !touches(turn.from_way, tail(last)) || !touches(turn.to_way, here))
        return false;
    }
    const auto is_exit = [&](LaneId lane) {
      return first_way(lane) == turn.to_way && (turn.to_way != turn.from_way || lane == reversed(last));
    };
    if (turn.kind == TurnKind::kForbidden) return is_exit(next);
    return !is_exit(next) && std::ranges::any_of(leaving(here), is_exit);
  }

  const RawRoads& roads_;
  const Chains& chains_;
  const std::vector<Lane>& lanes_;
  std::map<Vertex, std::vector<LaneId>> leaving_;
  std::set<Vertex> restricted_;
};

// Weight from the end of one lane to the end of each lane.
std::map<LaneId, std::int64_t> lane_search(const WrittenRules& rules, const std::vector<Lane>& lanes, LaneId start) {
  using State = std::pair<LaneId, LaneId>;  // before, last
  std::map<State, std::int64_t> best = {{{kNone, start}, 0}};
  std::map<LaneId, std::int64_t> out;
  using Item = std::pair<std::int64_t, State>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  queue.push({0, {kNone, start}});
  while (!queue.empty()) {
    const auto [weight, state] = queue.top();
    queue.pop();
    if (weight > best[state]) continue;
    for (const LaneId next : rules.leaving(rules.head(state.second))) {
      if (rules.forbidden(state.first, state.second, next)) continue;
      const State there{state.second, next};
      const std::int64_t sum = weight + lanes[next].milliseconds;
      if (const auto known = best.find(there); known != best.end() && known->second <= sum) continue;
      best[there] = sum;
      const auto known = out.find(next);
      if (known == out.end() || known->second > sum) out[next] = sum;
      queue.push({sum, there});
    }
  }
  return out;
}

TEST(Turns, RandomTownsAgreeWithTheRulesAsWritten) {
  std::size_t compared = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Town town({.seed = 100 + seed, .side = 7, .missing = 0.1, .restrictions = 40});
    const Chains chains = make_chains(town.roads);
    const BuiltNetwork built = build_network(town.roads, {});
    EXPECT_GT(built.restrictions, 10U);
    const RoadNetwork network = view_of(built.data);
    const Metric metric(network, free_flow_weights(network));
    RouteQuery query(network, metric);
    const WrittenRules rules(town.roads, chains, built.data.lanes);
    for (int i = 0; i < 10; ++i) {
      LaneId start = town.below(network.lane_count());
      while (!network.open(start)) start = town.below(network.lane_count());
      const auto reference = lane_search(rules, built.data.lanes, start);
      const RouteEnd from{.node = network.arc_head[network.arcs_of_lane(start).front()]};
      for (LaneId target = 0; target < network.lane_count(); ++target) {
        if (!network.open(target)) continue;
        const RoadPlace end{.segment = segment_of(target), .share = is_against(target) ? 0.0 : 1.0};
        std::vector<RouteEnd> ends = ways_to(network, metric, end);
        std::erase_if(ends, [&](const RouteEnd& way) { return way.lane != target; });
        const Weight found = query.weight(std::span(&from, 1), ends);
        const auto expected = reference.find(target);
        ASSERT_EQ(found >= kUnreachable, expected == reference.end()) << "from lane " << start << " to " << target;
        if (expected == reference.end()) continue;
        ASSERT_EQ(found, expected->second) << "from lane " << start << " to " << target;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 10'000U);
}

}  // namespace
}  // namespace evc::routing::roads
