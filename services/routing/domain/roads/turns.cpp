#include "services/routing/domain/roads/turns.hpp"

#include <algorithm>
#include <map>

#include "services/routing/domain/roads/lane_sequences.hpp"

namespace evc::routing::roads {
namespace {

constexpr std::size_t kLongestVia = 30;  // lanes

// Lanes as they meet at vertices.
class LaneMap {
 public:
  LaneMap(const Chains& chains, const std::vector<Lane>& lanes) : chains_(chains), lanes_(lanes) {
    first_.assign(chains.vertices.size() + 1, 0);
    for (const Chain& chain : chains.chains) {
      ++first_[chain.tail + 1];
      ++first_[chain.head + 1];
    }
    for (std::size_t v = 0; v < chains.vertices.size(); ++v) first_[v + 1] += first_[v];
    leaving_.resize(first_.back());
    std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
    for (SegmentId segment = 0; segment < chains.chains.size(); ++segment) {
      leaving_[next[chains.chains[segment].tail]++] = lane_along(segment);
      leaving_[next[chains.chains[segment].head]++] = reversed(lane_along(segment));
    }
  }

  std::span<const LaneId> leaving(Vertex v) const {
    return std::span(leaving_).subspan(first_[v], first_[v + 1] - first_[v]);
  }
  bool open(LaneId lane) const { return lanes_[lane].milliseconds != kNone; }
  Vertex head(LaneId lane) const {
    const Chain& chain = chains_.chains[segment_of(lane)];
    return is_against(lane) ? chain.tail : chain.head;
  }
  Vertex tail(LaneId lane) const { return head(reversed(lane)); }
  // The map's way at either end of a lane.
  std::uint32_t first_way(LaneId lane) const {
    const SegmentId segment = segment_of(lane);
    return chains_.pieces[is_against(lane) ? chains_.pieces_end(segment) - 1 : chains_.chains[segment].first_piece].way;
  }
  std::uint32_t last_way(LaneId lane) const { return first_way(reversed(lane)); }

 private:
  const Chains& chains_;
  const std::vector<Lane>& lanes_;
  std::vector<std::uint32_t> first_;
  std::vector<LaneId> leaving_;
};

enum class Finding { kFound, kNothing, kSeveral };

struct Resolved {
  Finding finding = Finding::kNothing;
  std::vector<LaneId> path;  // from lane, via lanes
  LaneId last = kNone;       // the to lane; kNone: closed or not there
};

// A map's restriction in terms of lanes.
class TurnResolver {
 public:
  TurnResolver(const RawRoads& roads, const Chains& chains, const LaneMap& map)
      : roads_(roads), chains_(chains), map_(map) {}

  Resolved resolve(const RawTurn& turn) const {
    if (turn.via_node) {
      const auto vertex = chains_.vertex_of_node.find(*turn.via_node);
      if (vertex == chains_.vertex_of_node.end()) return {};
      return at_node(turn, vertex->second);
    }
    const auto from = shared_vertex(turn.from_way, turn.via_ways.front());
    return from ? over_ways(turn, *from) : Resolved{};
  }

 private:
  Resolved at_node(const RawTurn& turn, Vertex via) const {
    const std::vector<LaneId> from = arriving_by(via, turn.from_way);
    if (from.empty()) return {};
    if (from.size() > 1) return {.finding = Finding::kSeveral};
    return finish(turn, via, {from[0]});
  }

  Resolved over_ways(const RawTurn& turn, Vertex start) const {
    const std::vector<LaneId> from = arriving_by(start, turn.from_way);
    if (from.empty()) return {};
    if (from.size() > 1) return {.finding = Finding::kSeveral};
    std::vector<LaneId> path = {from[0]};
    Vertex at = start;
    for (std::size_t i = 0; i < turn.via_ways.size(); ++i) {
      const auto end =
          shared_vertex(turn.via_ways[i], i + 1 < turn.via_ways.size() ? turn.via_ways[i + 1] : turn.to_way);
      if (!end || !follow(turn.via_ways[i], at, *end, path)) return {};
      at = *end;
    }
    return finish(turn, at, std::move(path));
  }

  Resolved finish(const RawTurn& turn, Vertex via, std::vector<LaneId> path) const {
    LaneId last = kNone;
    for (const LaneId lane : map_.leaving(via)) {
      if (!map_.open(lane) || map_.first_way(lane) != turn.to_way) continue;
      // Back on the way one came from is a turn round, and only that.
      if (turn.to_way == turn.from_way && lane != reversed(path.back())) continue;
      if (last != kNone) return {.finding = Finding::kSeveral};
      last = lane;
    }
    return {.finding = Finding::kFound, .path = std::move(path), .last = last};
  }

  std::vector<LaneId> arriving_by(Vertex vertex, std::uint32_t way) const {
    std::vector<LaneId> lanes;
    for (const LaneId leaving : map_.leaving(vertex)) {
      const LaneId lane = reversed(leaving);
      if (map_.open(lane) && map_.last_way(lane) == way) lanes.push_back(lane);
    }
    return lanes;
  }

  // Where two ways meet: an end of one of them that the other touches.
  std::optional<Vertex> shared_vertex(std::uint32_t a, std::uint32_t b) const {
    for (std::uint32_t ref = roads_.ways[b].first_ref; ref < roads_.refs_end(b); ++ref) {
      const std::uint32_t node = roads_.refs[ref];
      const std::uint32_t first = roads_.ways[a].first_ref, last = roads_.refs_end(a) - 1;
      const bool end_of_a = roads_.refs[first] == node || roads_.refs[last] == node;
      if (!end_of_a) continue;
      const auto vertex = chains_.vertex_of_node.find(node);
      if (vertex != chains_.vertex_of_node.end()) return vertex->second;
    }
    return std::nullopt;
  }

  // Along one way from a vertex to another.
  bool follow(std::uint32_t way, Vertex from, Vertex to, std::vector<LaneId>& path) const {
    for (const LaneId start : map_.leaving(from)) {
      std::vector<LaneId> taken;
      LaneId lane = start;
      while (map_.open(lane) && map_.first_way(lane) == way && taken.size() < kLongestVia) {
        taken.push_back(lane);
        const Vertex at = map_.head(lane);
        if (at == to) {
          path.insert(path.end(), taken.begin(), taken.end());
          return true;
        }
        const auto onward = std::ranges::find_if(map_.leaving(at), [&](LaneId next) {
          return next != reversed(lane) && map_.open(next) && map_.first_way(next) == way;
        });
        if (onward == map_.leaving(at).end()) break;
        lane = *onward;
      }
    }
    return false;
  }

  const RawRoads& roads_;
  const Chains& chains_;
  const LaneMap& map_;
};

class TurnGraphMaker {
 public:
  TurnGraphMaker(const RawRoads& roads, const Chains& chains, const std::vector<Lane>& lanes)
      : roads_(roads), chains_(chains), map_(chains, lanes) {}

  TurnGraph run() {
    read_restrictions();
    forbid_turning_round();
    sequences_.finish();
    add_nodes();
    add_arcs();
    return std::move(graph_);
  }

 private:
  void read_restrictions() {
    const TurnResolver resolver(roads_, chains_, map_);
    for (const RawTurn& turn : roads_.turns) {
      const Resolved found = resolver.resolve(turn);
      if (found.finding == Finding::kSeveral) {
        ++graph_.ambiguous;
      } else if (found.finding == Finding::kNothing || found.last == kNone) {
        ++graph_.without_effect;
      } else {
        ++graph_.restrictions;
        apply(turn.kind, found);
      }
    }
  }

  void apply(TurnKind kind, const Resolved& turn) {
    if (kind == TurnKind::kForbidden) {
      forbid(turn.path, turn.last);
      return;
    }
    for (const LaneId exit : map_.leaving(map_.head(turn.path.back()))) {
      if (map_.open(exit) && exit != turn.last) forbid(turn.path, exit);
    }
  }

  void forbid(std::vector<LaneId> path, LaneId last) {
    for (const LaneId lane : path) restricted_.push_back(map_.head(lane));
    path.push_back(last);
    sequences_.add(path);
  }

  void forbid_turning_round() {
    std::ranges::sort(restricted_);
    restricted_.erase(std::ranges::unique(restricted_).begin(), restricted_.end());
    for (const Vertex vertex : restricted_) {
      for (const LaneId lane : map_.leaving(vertex)) {
        if (!map_.open(lane) || !map_.open(reversed(lane))) continue;
        const auto elsewhere = [&](LaneId exit) { return map_.open(exit) && exit != reversed(lane); };
        if (std::ranges::any_of(map_.leaving(map_.head(lane)), elsewhere)) sequences_.add({lane, reversed(lane)});
      }
    }
  }

  // Nodes: the vertices, then one per state of the automaton, at the end of its last lane.
  void add_nodes() {
    graph_.node_points = chains_.vertices;
    graph_.vertex_count = static_cast<Node>(chains_.vertices.size());
    for (LaneSequences::State state = 1; state < sequences_.size(); ++state)
      graph_.node_points.push_back(chains_.vertices[map_.head(sequences_.last_lane(state))]);
  }

  void add_arcs() {
    const auto vertices = static_cast<Node>(chains_.vertices.size());
    for (Node node = 0; node < graph_.node_points.size(); ++node) {
      graph_.first_arc.push_back(static_cast<std::uint32_t>(graph_.arc_head.size()));
      const LaneSequences::State state = node < vertices ? LaneSequences::kStart : node - vertices + 1;
      const Vertex vertex = state == LaneSequences::kStart ? node : map_.head(sequences_.last_lane(state));
      for (const LaneId lane : map_.leaving(vertex)) {
        if (!map_.open(lane)) continue;
        const auto next = sequences_.after(state, lane);
        if (!next) continue;
        graph_.arc_head.push_back(*next == LaneSequences::kStart ? map_.head(lane) : vertices + *next - 1);
        graph_.arc_lane.push_back(lane);
      }
    }
    graph_.first_arc.push_back(static_cast<std::uint32_t>(graph_.arc_head.size()));
  }

  const RawRoads& roads_;
  const Chains& chains_;
  const LaneMap map_;
  LaneSequences sequences_;
  std::vector<Vertex> restricted_;
  TurnGraph graph_;
};

}  // namespace

TurnGraph make_turn_graph(const RawRoads& roads, const Chains& chains, const std::vector<Lane>& lanes) {
  return TurnGraphMaker(roads, chains, lanes).run();
}

}  // namespace evc::routing::roads
