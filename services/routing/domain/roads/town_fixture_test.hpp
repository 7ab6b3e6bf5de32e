// Random towns for the tests of this folder: streets on a warped grid with bends, one-way streets, dead ends, hills,
// gates and turn restrictions; and the reference that queries are held against, a plain label-correcting search.
#pragma once

#include <cmath>
#include <queue>
#include <random>

#include "services/routing/domain/roads/build.hpp"
#include "services/routing/domain/roads/route.hpp"

namespace evc::routing::roads {

struct TownOptions {
  std::uint64_t seed = 1;
  int side = 12;
  double one_way = 0.25;
  double missing = 0.15;
  int restrictions = 20;
};

class Hills : public Elevation {
 public:
  std::optional<double> metres_at(Position position) const override {
    return 300 + 150 * std::sin(position.lat * 900) * std::cos(position.lon * 700);
  }
};

class Town {
 public:
  explicit Town(const TownOptions& options) : random_(options.seed) {
    for (int y = 0; y < options.side; ++y)
      for (int x = 0; x < options.side; ++x) add_node(-22'000'000 * 10 + y * 10'000, -460'000'000 + x * 10'000);
    const auto at = [&](int x, int y) { return static_cast<std::uint32_t>(y * options.side + x); };
    for (int y = 0; y < options.side; ++y) {
      for (int x = 0; x < options.side; ++x) {
        if (x + 1 < options.side && chance() >= options.missing) street(at(x, y), at(x + 1, y), options);
        if (y + 1 < options.side && chance() >= options.missing) street(at(x, y), at(x, y + 1), options);
      }
    }
    for (int i = 0; i < options.restrictions; ++i) restrict_a_turn();
  }

  double chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  Position somewhere() {
    const RawNode& node = roads.nodes[below(roads.nodes.size())];
    return {node.point.lat_e7 / kE7 + chance() * 5e-4, node.point.lon_e7 / kE7 + chance() * 5e-4};
  }

  RawRoads roads;

 private:
  void add_node(int lat, int lon) {
    const auto off = [&] { return static_cast<std::int32_t>(chance() * 4'000); };
    roads.nodes.push_back({.point = {lat + off(), lon + off()}});
    if (chance() < 0.05) roads.nodes.back().delay_ms = 5'000;
    if (chance() < 0.01) roads.nodes.back().blocked = true;
  }

  void street(std::uint32_t from, std::uint32_t to, const TownOptions& options) {
    RawWay way{.osm_id = static_cast<std::int64_t>(roads.ways.size() + 1),
               .first_ref = static_cast<std::uint32_t>(roads.refs.size()),
               .speed_along = static_cast<std::uint8_t>(2 + below(20)),
               .speed_against = static_cast<std::uint8_t>(2 + below(20))};
    if (chance() < options.one_way) (chance() < 0.5 ? way.speed_along : way.speed_against) = 0;
    roads.refs.push_back(from);
    const Point a = roads.nodes[from].point, b = roads.nodes[to].point;
    for (std::uint32_t bends = below(3), i = 1; i <= bends; ++i) {
      roads.refs.push_back(static_cast<std::uint32_t>(roads.nodes.size()));
      const double share = i / (bends + 1.0);
      roads.nodes.push_back(
          {.point = {static_cast<std::int32_t>(std::lerp(a.lat_e7, b.lat_e7, share) + chance() * 2'000),
                     static_cast<std::int32_t>(std::lerp(a.lon_e7, b.lon_e7, share) + chance() * 2'000)}});
    }
    roads.refs.push_back(to);
    roads.ways.push_back(way);
  }

  std::uint32_t end_of(std::uint32_t way, bool last) const {
    return roads.refs[last ? roads.refs_end(way) - 1 : roads.ways[way].first_ref];
  }

  // Two or three ways that follow each other.
  void restrict_a_turn() {
    const std::uint32_t from = below(roads.ways.size());
    const std::uint32_t via = end_of(from, chance() < 0.5);
    const auto next_way = [&](std::uint32_t node, std::uint32_t not_this) -> std::uint32_t {
      std::vector<std::uint32_t> choices;
      for (std::uint32_t way = 0; way < roads.ways.size(); ++way)
        if (way != not_this && (end_of(way, false) == node || end_of(way, true) == node)) choices.push_back(way);
      return choices.empty() ? kNone : choices[below(choices.size())];
    };
    RawTurn turn{.from_way = from};
    if (chance() < 0.3) turn.kind = TurnKind::kMandatory;
    const std::uint32_t second = next_way(via, from);
    if (second == kNone) return;
    turn.to_way = second;
    turn.via_node = via;
    if (chance() < 0.4) {
      const std::uint32_t far = end_of(second, end_of(second, false) == via);
      const std::uint32_t third = next_way(far, second);
      if (third == kNone || third == from) return;
      turn.via_node.reset();
      turn.via_ways = {second};
      turn.to_way = third;
    }
    roads.turns.push_back(turn);
  }

  std::mt19937_64 random_;
};

// Weights from the ends to every node of the graph, by a search that knows nothing of hierarchies.
inline std::vector<std::int64_t> reference_weights(const RoadNetwork& network, const std::vector<Weight>& lanes,
                                                   std::span<const RouteEnd> ends) {
  constexpr std::int64_t kFar = std::int64_t{1} << 60;
  std::vector<std::int64_t> best(network.node_count(), kFar);
  using Item = std::pair<std::int64_t, Node>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  for (const RouteEnd& end : ends) {
    if (end.offset >= best[end.node]) continue;
    best[end.node] = end.offset;
    queue.push({end.offset, end.node});
  }
  while (!queue.empty()) {
    const auto [weight, node] = queue.top();
    queue.pop();
    if (weight > best[node]) continue;
    for (ArcId arc = network.first_arc[node]; arc < network.first_arc[node + 1]; ++arc) {
      const std::int64_t there = weight + lanes[network.arc_lane[arc]];
      if (there >= best[network.arc_head[arc]]) continue;
      best[network.arc_head[arc]] = there;
      queue.push({there, network.arc_head[arc]});
    }
  }
  return best;
}

inline Weight reference_between(const RoadNetwork& network, const Metric& metric,
                                const std::vector<std::int64_t>& from_source, const RoadPlace& source,
                                const RoadPlace& target) {
  std::int64_t best = direct_way(network, metric, source, target).weight;
  for (const RouteEnd& end : ways_to(network, metric, target))
    best = std::min(best, from_source[end.node] + end.offset);
  return best >= kUnreachable ? kInfinite : static_cast<Weight>(best);
}

}  // namespace evc::routing::roads
