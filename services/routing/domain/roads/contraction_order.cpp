#include "services/routing/domain/roads/contraction_order.hpp"

#include <algorithm>
#include <bit>

#include "services/routing/domain/roads/inertial_flow.hpp"

namespace evc::routing::roads {
namespace {

constexpr std::size_t kSmallPart = 64;

// Takes away nodes with at most two neighbours, one round after the other. In a round no two neighbours go, so that
// long chains of such nodes become flat trees and not deep ones.
class EasyNodes {
 public:
  explicit EasyNodes(const Adjacency& graph) : first_(graph.first), neighbour_(graph.neighbour) {
    degree_.resize(graph.node_count());
    for (Node v = 0; v < graph.node_count(); ++v) degree_[v] = first_[v + 1] - first_[v];
  }

  std::vector<Node> take() {
    std::vector<Node> order, round, later;
    gone_.assign(degree_.size(), false);
    touched_.assign(degree_.size(), 0);
    for (Node v = 0; v < degree_.size(); ++v)
      if (degree_[v] <= 2) round.push_back(v);
    for (std::uint32_t number = 1; !round.empty(); ++number) {
      later.clear();
      for (const Node v : round) {
        if (gone_[v]) continue;
        if (touched_[v] == number && degree_[v] > 0) {
          later.push_back(v);
          continue;
        }
        remove(v, number, later);
        order.push_back(v);
      }
      round.swap(later);
    }
    return order;
  }

  bool gone(Node v) const { return gone_[v]; }
  std::span<const Node> left_of(Node v) const { return {neighbour_.data() + first_[v], degree_[v]}; }

 private:
  void remove(Node v, std::uint32_t round, std::vector<Node>& later) {
    gone_[v] = true;
    for (const Node w : left_of(v)) {
      touched_[w] = round;
      const Node other = degree_[v] == 2 ? (left_of(v)[0] == w ? left_of(v)[1] : left_of(v)[0]) : kNone;
      replace(w, v, other);
      if (degree_[w] <= 2) later.push_back(w);
    }
  }

  // In w's list `was` gives way to `now`, or goes when `now` is none or there already.
  void replace(Node w, Node was, Node now) {
    const auto begin = neighbour_.begin() + first_[w], end = begin + degree_[w];
    const auto place = std::find(begin, end, was);
    if (now != kNone && std::find(begin, end, now) == end) {
      *place = now;
      return;
    }
    *place = *(end - 1);
    --degree_[w];
  }

  std::vector<std::uint32_t> first_, degree_;
  std::vector<Node> neighbour_;
  std::vector<bool> gone_;
  std::vector<std::uint32_t> touched_;
};

// A part of the graph with numbers of its own.
struct Part {
  std::vector<Node> nodes;  // in the whole graph
  Adjacency graph;
};

class Dissection {
 public:
  Dissection(std::span<const Point> positions, const std::function<void(std::size_t)>& progress)
      : positions_(positions), progress_(progress), number_(positions.size(), kNone) {}

  // Appends the part's nodes in their order.
  void run(Part whole, std::vector<Node>& order) {
    // Separators come last, so the whole order is made from its end: the deepest halves are the first to be written.
    std::vector<Task> tasks;
    tasks.push_back({.part = std::move(whole), .ordered = {}});
    while (!tasks.empty()) {
      Task task = std::move(tasks.back());
      tasks.pop_back();
      if (!task.ordered.empty()) {
        order.insert(order.end(), task.ordered.begin(), task.ordered.end());
        progress_(order.size());
        continue;
      }
      if (task.part.nodes.size() <= kSmallPart) {
        const std::vector<Node> small = by_least_degree(task.part);
        order.insert(order.end(), small.begin(), small.end());
        continue;
      }
      split(std::move(task.part), tasks);
    }
    progress_(order.size());
  }

 private:
  struct Task {
    Part part;
    std::vector<Node> ordered;  // not empty: to be written as it is
  };

  void split(Part part, std::vector<Task>& tasks) {
    std::vector<std::uint32_t> component = components(part.graph);
    const std::uint32_t count = std::ranges::max(component) + 1;
    if (count == 1) {
      std::vector<Point> positions;
      for (const Node v : part.nodes) positions.push_back(positions_[v]);
      const std::vector<Side> sides = separate(part.graph, positions);
      Task separator;
      for (std::size_t v = 0; v < sides.size(); ++v) {
        component[v] = static_cast<std::uint32_t>(sides[v]);
        if (sides[v] == Side::kSeparator) separator.ordered.push_back(part.nodes[v]);
      }
      if (!separator.ordered.empty()) tasks.push_back(std::move(separator));
    }
    const std::uint32_t parts = count == 1 ? 2 : count;
    std::vector<std::vector<Node>> members(parts);
    for (Node v = 0; v < component.size(); ++v) {
      if (component[v] < parts) members[component[v]].push_back(v);
    }
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      if (!member->empty()) tasks.push_back({.part = part_of(part, *member), .ordered = {}});
    }
  }

  Part part_of(const Part& whole, const std::vector<Node>& members) {
    Part part;
    for (Node i = 0; i < members.size(); ++i) {
      number_[members[i]] = i;
      part.nodes.push_back(whole.nodes[members[i]]);
    }
    part.graph.first.push_back(0);
    for (const Node v : members) {
      for (const Node w : whole.graph.of(v)) {
        if (number_[w] != kNone) part.graph.neighbour.push_back(number_[w]);
      }
      part.graph.first.push_back(static_cast<std::uint32_t>(part.graph.neighbour.size()));
    }
    for (const Node v : members) number_[v] = kNone;
    return part;
  }

  static std::vector<std::uint32_t> components(const Adjacency& graph) {
    std::vector<std::uint32_t> component(graph.node_count(), kNone);
    std::vector<Node> stack;
    std::uint32_t count = 0;
    for (Node start = 0; start < graph.node_count(); ++start) {
      if (component[start] != kNone) continue;
      component[start] = count;
      stack.push_back(start);
      while (!stack.empty()) {
        const Node v = stack.back();
        stack.pop_back();
        for (const Node w : graph.of(v)) {
          if (component[w] != kNone) continue;
          component[w] = count;
          stack.push_back(w);
        }
      }
      ++count;
    }
    return component;
  }

  static std::vector<Node> by_least_degree(const Part& part) {
    const std::uint32_t n = part.graph.node_count();
    std::vector<std::uint64_t> neighbours(n, 0);
    for (Node v = 0; v < n; ++v)
      for (const Node w : part.graph.of(v)) neighbours[v] |= std::uint64_t{1} << w;
    std::vector<Node> order;
    std::uint64_t left = n == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
    while (left != 0) {
      Node least = kNone;
      for (std::uint64_t rest = left; rest != 0; rest &= rest - 1) {
        const auto v = static_cast<Node>(std::countr_zero(rest));
        if (least == kNone || std::popcount(neighbours[v]) < std::popcount(neighbours[least])) least = v;
      }
      left &= ~(std::uint64_t{1} << least);
      for (std::uint64_t rest = neighbours[least]; rest != 0; rest &= rest - 1) {
        const auto w = static_cast<Node>(std::countr_zero(rest));
        neighbours[w] = (neighbours[w] | neighbours[least]) & ~(std::uint64_t{1} << w) & ~(std::uint64_t{1} << least);
      }
      order.push_back(part.nodes[least]);
    }
    return order;
  }

  std::span<const Point> positions_;
  const std::function<void(std::size_t)>& progress_;
  std::vector<Node> number_;  // scratch: of a member in its part
};

}  // namespace

Adjacency undirected(std::span<const std::uint32_t> first_arc, std::span<const Node> arc_head) {
  const auto n = static_cast<std::uint32_t>(first_arc.size() - 1);
  Adjacency both;
  both.first.assign(n + 1, 0);
  for (Node v = 0; v < n; ++v) {
    for (std::uint32_t a = first_arc[v]; a < first_arc[v + 1]; ++a) {
      ++both.first[v + 1];
      ++both.first[arc_head[a] + 1];
    }
  }
  for (Node v = 0; v < n; ++v) both.first[v + 1] += both.first[v];
  both.neighbour.resize(both.first.back());
  std::vector<std::uint32_t> next(both.first.begin(), both.first.end() - 1);
  for (Node v = 0; v < n; ++v) {
    for (std::uint32_t a = first_arc[v]; a < first_arc[v + 1]; ++a) {
      both.neighbour[next[v]++] = arc_head[a];
      both.neighbour[next[arc_head[a]]++] = v;
    }
  }
  Adjacency graph;
  graph.first.push_back(0);
  for (Node v = 0; v < n; ++v) {
    const auto begin = both.neighbour.begin() + both.first[v], end = both.neighbour.begin() + both.first[v + 1];
    std::sort(begin, end);
    std::unique_copy(begin, end, std::back_inserter(graph.neighbour));
    const auto fresh = graph.neighbour.begin() + graph.first.back();
    if (const auto self = std::lower_bound(fresh, graph.neighbour.end(), v);
        self != graph.neighbour.end() && *self == v)
      graph.neighbour.erase(self);
    graph.first.push_back(static_cast<std::uint32_t>(graph.neighbour.size()));
  }
  return graph;
}

std::vector<Node> contraction_order(const Adjacency& graph, std::span<const Point> positions,
                                    const std::function<void(std::size_t)>& progress) {
  EasyNodes easy(graph);
  std::vector<Node> order = easy.take();
  Part core;
  std::vector<Node> number(graph.node_count(), kNone);
  for (Node v = 0; v < graph.node_count(); ++v) {
    if (easy.gone(v)) continue;
    number[v] = static_cast<Node>(core.nodes.size());
    core.nodes.push_back(v);
  }
  core.graph.first.push_back(0);
  for (const Node v : core.nodes) {
    for (const Node w : easy.left_of(v)) core.graph.neighbour.push_back(number[w]);
    std::sort(core.graph.neighbour.begin() + core.graph.first.back(), core.graph.neighbour.end());
    core.graph.first.push_back(static_cast<std::uint32_t>(core.graph.neighbour.size()));
  }
  if (!core.nodes.empty()) Dissection(positions, progress).run(std::move(core), order);
  progress(order.size());
  return order;
}

}  // namespace evc::routing::roads
