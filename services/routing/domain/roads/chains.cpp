#include "services/routing/domain/roads/chains.hpp"

#include <algorithm>

#include "services/routing/domain/roads/hilbert.hpp"

namespace evc::routing::roads {
namespace {

// Pieces are named by the place of their first node in `refs`.
class ChainMaker {
 public:
  explicit ChainMaker(const RawRoads& roads) : roads_(roads), used_(roads.refs.size(), false) {}

  Chains run() {
    list_pieces();
    mark_vertices();
    vertex_.assign(roads_.nodes.size(), kNone);
    for (std::uint32_t node = 0; node < roads_.nodes.size(); ++node) {
      if (is_vertex_[node]) chains_from(node);
    }
    // What is left are rings that nothing meets.
    for (std::uint32_t piece = 0; piece < roads_.refs.size(); ++piece) {
      if (way_of_[piece] == kNone || used_[piece]) continue;
      is_vertex_[roads_.refs[piece]] = true;
      chains_from(roads_.refs[piece]);
    }
    for (const std::uint32_t node : named_nodes_) {
      if (vertex_[node] != kNone) out_.vertex_of_node.emplace(node, vertex_[node]);
    }
    sort_along_curve();
    return std::move(out_);
  }

 private:
  void list_pieces() {
    way_of_.assign(roads_.refs.size(), kNone);
    first_.assign(roads_.nodes.size() + 1, 0);
    for (std::uint32_t way = 0; way < roads_.ways.size(); ++way) {
      for (std::uint32_t ref = roads_.ways[way].first_ref; ref + 1 < roads_.refs_end(way); ++ref) {
        way_of_[ref] = way;
        ++first_[roads_.refs[ref] + 1];
        ++first_[roads_.refs[ref + 1] + 1];
      }
    }
    for (std::size_t node = 0; node < roads_.nodes.size(); ++node) first_[node + 1] += first_[node];
    at_node_.resize(first_.back());
    std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
    for (std::uint32_t piece = 0; piece < roads_.refs.size(); ++piece) {
      if (way_of_[piece] == kNone) continue;
      at_node_[next[roads_.refs[piece]]++] = piece;
      at_node_[next[roads_.refs[piece + 1]]++] = piece;
    }
  }

  void mark_vertices() {
    is_vertex_.assign(roads_.nodes.size(), false);
    for (const RawTurn& turn : roads_.turns) {
      if (turn.via_node) named_nodes_.push_back(*turn.via_node);
      for (const std::uint32_t way : turn.via_ways) {
        // Where a way of a restriction touches others: at its ends, and where more than itself meets.
        const std::uint32_t first = roads_.ways[way].first_ref, last = roads_.refs_end(way) - 1;
        for (std::uint32_t ref = first; ref <= last; ++ref) {
          const std::uint32_t node = roads_.refs[ref];
          if (ref == first || ref == last || first_[node + 1] - first_[node] > 2) named_nodes_.push_back(node);
        }
      }
    }
    std::ranges::sort(named_nodes_);
    named_nodes_.erase(std::ranges::unique(named_nodes_).begin(), named_nodes_.end());
    for (const std::uint32_t node : named_nodes_) is_vertex_[node] = first_[node + 1] > first_[node];
    for (std::uint32_t node = 0; node < roads_.nodes.size(); ++node) {
      const std::uint32_t degree = first_[node + 1] - first_[node];
      if (degree == 0) continue;
      if (degree != 2 || roads_.nodes[node].blocked || !passes(node)) is_vertex_[node] = true;
    }
  }

  // Whether the two pieces at a node are one road.
  bool passes(std::uint32_t node) const {
    const std::uint32_t a = at_node_[first_[node]], b = at_node_[first_[node] + 1];
    if (a == b) return false;
    const RawWay &one = roads_.ways[way_of_[a]], &other = roads_.ways[way_of_[b]];
    constexpr std::uint8_t kKept = kRawToll | kRawFerry;
    if ((one.flags & kKept) != (other.flags & kKept)) return false;
    if ((one.flags & kRawFerry) != 0) return way_of_[a] == way_of_[b];
    return open(a, node, Towards::kNode) == open(b, node, Towards::kAway) &&
           open(b, node, Towards::kNode) == open(a, node, Towards::kAway);
  }

  enum class Towards { kNode, kAway };
  bool open(std::uint32_t piece, std::uint32_t node, Towards towards) const {
    const RawWay& way = roads_.ways[way_of_[piece]];
    const bool begins_here = roads_.refs[piece] == node;
    const bool along = begins_here == (towards == Towards::kAway);
    return (along ? way.speed_along : way.speed_against) > 0;
  }

  // At a blocked node every road gets an end of its own.
  Vertex vertex_at(std::uint32_t node) {
    if (roads_.nodes[node].blocked || vertex_[node] == kNone) {
      vertex_[node] = static_cast<Vertex>(out_.vertices.size());
      out_.vertices.push_back(roads_.nodes[node].point);
    }
    return vertex_[node];
  }

  void chains_from(std::uint32_t node) {
    for (std::uint32_t place = first_[node]; place < first_[node + 1]; ++place) {
      if (!used_[at_node_[place]]) walk(node, at_node_[place]);
    }
  }

  void walk(std::uint32_t node, std::uint32_t piece) {
    Chain chain{.tail = vertex_at(node), .first_piece = static_cast<std::uint32_t>(out_.pieces.size())};
    while (true) {
      used_[piece] = true;
      const bool against = roads_.refs[piece] != node;
      out_.pieces.push_back({.way = way_of_[piece], .node = node, .against = against});
      node = roads_.refs[against ? piece : piece + 1];
      if (is_vertex_[node]) break;
      const std::uint32_t first = at_node_[first_[node]];
      piece = first == piece ? at_node_[first_[node] + 1] : first;
    }
    chain.last_node = node;
    chain.head = vertex_at(node);
    out_.chains.push_back(chain);
  }

  // Neighbours on the ground become neighbours in memory and in the file.
  void sort_along_curve() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
    for (std::uint32_t chain = 0; chain < out_.chains.size(); ++chain)
      order.emplace_back(hilbert_key(roads_.nodes[out_.pieces[out_.chains[chain].first_piece].node].point), chain);
    std::ranges::sort(order);
    std::vector<Chain> chains;
    std::vector<ChainPiece> pieces;
    chains.reserve(out_.chains.size());
    pieces.reserve(out_.pieces.size());
    for (const auto& [key, old] : order) {
      chains.push_back(out_.chains[old]);
      chains.back().first_piece = static_cast<std::uint32_t>(pieces.size());
      pieces.insert(pieces.end(), out_.pieces.begin() + out_.chains[old].first_piece,
                    out_.pieces.begin() + out_.pieces_end(old));
    }
    out_.chains = std::move(chains);
    out_.pieces = std::move(pieces);
  }

  const RawRoads& roads_;
  std::vector<std::uint32_t> way_of_;  // by piece; kNone where no piece begins
  std::vector<std::uint32_t> first_;   // by node, in at_node_
  std::vector<std::uint32_t> at_node_;
  std::vector<std::uint32_t> named_nodes_;
  std::vector<bool> is_vertex_, used_;
  std::vector<Vertex> vertex_;
  Chains out_;
};

}  // namespace

std::uint32_t RawRoads::add_name(const std::string& name) {
  if (name.empty()) return 0;
  const auto offset = static_cast<std::uint32_t>(names.size());
  names.insert(names.end(), name.begin(), name.end());
  names.push_back('\0');
  return offset;
}

Chains make_chains(const RawRoads& roads) {
  return ChainMaker(roads).run();
}

}  // namespace evc::routing::roads
