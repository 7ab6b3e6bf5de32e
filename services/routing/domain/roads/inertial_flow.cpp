#include "services/routing/domain/roads/inertial_flow.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace evc::routing::roads {
namespace {

constexpr double kTerminalShare = 0.25;

// Unit flow over undirected edges. An edge is two arcs that know each other.
class UnitFlow {
 public:
  explicit UnitFlow(const Adjacency& graph) : graph_(graph), n_(graph.node_count()), reverse_(graph.neighbour.size()) {
    // Neighbours are sorted, so the arcs into a node come in the order of its own arcs.
    std::vector<std::uint32_t> next(graph.first.begin(), graph.first.end() - 1);
    for (Node v = 0; v < n_; ++v) {
      for (std::uint32_t a = graph.first[v]; a < graph.first[v + 1]; ++a) reverse_[a] = next[graph.neighbour[a]]++;
    }
  }

  enum Terminal : std::uint8_t { kFree, kSource, kSink };

  // The cut's size; more than `most` when it is given up.
  std::uint32_t run(const std::vector<Terminal>& terminals, std::uint32_t most) {
    terminals_ = &terminals;
    flow_.assign(graph_.neighbour.size(), 0);
    std::uint32_t value = 0;
    while (value <= most && level()) {
      next_arc_.assign(graph_.first.begin(), graph_.first.end() - 1);
      for (Node v = 0; v < n_; ++v) {
        if (terminals[v] != kSource) continue;
        while (augment(v)) ++value;
      }
    }
    return value;
  }

  // After run: reached from the sources over arcs that are not full.
  bool on_source_side(Node v) const { return level_[v] != kUnreached; }

  // After run: what still reaches a sink. The cut nearest to the sinks may be better balanced.
  std::vector<bool> sink_side() const {
    std::vector<bool> reaches(n_, false);
    std::vector<Node> queue;
    for (Node v = 0; v < n_; ++v) {
      if ((*terminals_)[v] != kSink) continue;
      reaches[v] = true;
      queue.push_back(v);
    }
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const Node v = queue[i];
      for (std::uint32_t a = graph_.first[v]; a < graph_.first[v + 1]; ++a) {
        const Node from = graph_.neighbour[a];
        if (reaches[from] || flow_[reverse_[a]] >= 1) continue;
        reaches[from] = true;
        queue.push_back(from);
      }
    }
    return reaches;
  }

 private:
  static constexpr std::uint32_t kUnreached = kNone;

  // Breadth first from the sources; whether a sink is reached.
  bool level() {
    level_.assign(n_, kUnreached);
    queue_.clear();
    for (Node v = 0; v < n_; ++v) {
      if ((*terminals_)[v] != kSource) continue;
      level_[v] = 0;
      queue_.push_back(v);
    }
    std::uint32_t found = kUnreached;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      const Node v = queue_[i];
      if (level_[v] >= found) break;
      for (std::uint32_t a = graph_.first[v]; a < graph_.first[v + 1]; ++a) {
        const Node w = graph_.neighbour[a];
        if (flow_[a] >= 1 || level_[w] != kUnreached) continue;
        level_[w] = level_[v] + 1;
        if ((*terminals_)[w] == kSink) found = level_[w];
        queue_.push_back(w);
      }
    }
    return found != kUnreached;
  }

  // One unit from a source along rising levels; depth first, without recursion.
  bool augment(Node source) {
    path_.clear();
    Node v = source;
    while ((*terminals_)[v] != kSink) {
      std::uint32_t& a = next_arc_[v];
      while (a < graph_.first[v + 1] && (flow_[a] >= 1 || level_[graph_.neighbour[a]] != level_[v] + 1)) ++a;
      if (a < graph_.first[v + 1]) {
        path_.push_back(a);
        v = graph_.neighbour[a];
        continue;
      }
      if (path_.empty()) return false;
      v = graph_.neighbour[reverse_[path_.back()]];
      ++next_arc_[v];
      path_.pop_back();
    }
    for (const std::uint32_t a : path_) {
      ++flow_[a];
      --flow_[reverse_[a]];
    }
    return true;
  }

  const Adjacency& graph_;
  std::uint32_t n_;
  std::vector<std::uint32_t> reverse_;
  std::vector<std::int8_t> flow_;
  const std::vector<Terminal>* terminals_ = nullptr;
  std::vector<std::uint32_t> level_, next_arc_, path_;
  std::vector<Node> queue_;
};

struct Cut {
  std::vector<Side> sides;
  std::size_t separator = std::numeric_limits<std::size_t>::max();
  std::size_t smaller_side = 0;

  bool better_than(const Cut& other) const {
    if (separator != other.separator) return separator < other.separator;
    return smaller_side > other.smaller_side;
  }
};

// The ends of the cut edges on one side become the separator: those of the side that has fewer.
Cut node_cut(const Adjacency& graph, const std::vector<bool>& left) {
  const std::uint32_t n = graph.node_count();
  std::vector<Side> sides(n);
  std::vector<bool> border(n, false);
  std::size_t left_border = 0, right_border = 0;
  for (Node v = 0; v < n; ++v) {
    sides[v] = left[v] ? Side::kLeft : Side::kRight;
    border[v] = std::ranges::any_of(graph.of(v), [&](Node w) { return left[w] != left[v]; });
    if (border[v]) ++(left[v] ? left_border : right_border);
  }
  const bool take_left = left_border <= right_border;
  Cut cut{.separator = std::min(left_border, right_border)};
  for (Node v = 0; v < n; ++v) {
    if (border[v] && left[v] == take_left) sides[v] = Side::kSeparator;
  }
  const auto left_count = static_cast<std::size_t>(std::ranges::count(sides, Side::kLeft));
  const auto right_count = static_cast<std::size_t>(std::ranges::count(sides, Side::kRight));
  cut.smaller_side = std::min(left_count, right_count);
  cut.sides = std::move(sides);
  return cut;
}

std::vector<UnitFlow::Terminal> terminals_along(std::span<const Point> positions, double angle, double shrink) {
  const auto n = positions.size();
  std::vector<double> key(n);
  for (std::size_t v = 0; v < n; ++v)
    key[v] = std::cos(angle) * shrink * positions[v].lon_e7 + std::sin(angle) * positions[v].lat_e7;
  std::vector<Node> order(n);
  std::iota(order.begin(), order.end(), Node{0});
  const auto less = [&](Node a, Node b) { return std::pair(key[a], a) < std::pair(key[b], b); };
  const auto count = std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(kTerminalShare * static_cast<double>(n)));
  std::ranges::nth_element(order, order.begin() + count, less);
  std::nth_element(order.begin() + count, order.end() - count, order.end(), less);
  std::vector<UnitFlow::Terminal> terminals(n, UnitFlow::kFree);
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    terminals[order[static_cast<std::size_t>(i)]] = UnitFlow::kSource;
    terminals[order[n - 1 - static_cast<std::size_t>(i)]] = UnitFlow::kSink;
  }
  return terminals;
}

}  // namespace

std::vector<Side> separate(const Adjacency& part, std::span<const Point> positions) {
  const std::uint32_t n = part.node_count();
  UnitFlow flow(part);
  Cut best;
  std::uint32_t least = kNone - 1;
  const double shrink = std::cos(positions[0].lat_e7 / kE7 * 3.14159265358979 / 180);
  for (const double angle : {0.0, 0.785398163397448, 1.5707963267949, 2.35619449019234}) {
    const auto terminals = terminals_along(positions, angle, shrink);
    const std::uint32_t value = flow.run(terminals, least);
    if (value > least) continue;
    least = value;
    std::vector<bool> left(n);
    for (Node v = 0; v < n; ++v) left[v] = flow.on_source_side(v);
    std::vector<bool> right = flow.sink_side();
    right.flip();
    for (const auto* side : {&left, &right}) {
      Cut cut = node_cut(part, *side);
      if (cut.smaller_side > 0 && cut.better_than(best)) best = std::move(cut);
    }
  }
  if (!best.sides.empty()) return best.sides;
  // A part without two sides, such as a clique: half of it separates nothing from the rest, which is still an order.
  std::vector<Side> sides(n, Side::kSeparator);
  sides[0] = Side::kLeft;
  for (Node v = 1; v < n; ++v) {
    if (!std::ranges::binary_search(part.of(0), v)) sides[v] = Side::kRight;
  }
  return sides;
}

}  // namespace evc::routing::roads
