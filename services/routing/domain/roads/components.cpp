#include "services/routing/domain/roads/components.hpp"

#include <algorithm>

namespace evc::routing::roads {

// Tarjan's algorithm with a stack of its own.
std::vector<std::uint32_t> strong_components(std::span<const std::uint32_t> first_arc, std::span<const Node> arc_head) {
  const auto n = static_cast<std::uint32_t>(first_arc.size() - 1);
  std::vector<std::uint32_t> component(n, kNone), seen_at(n, kNone), lowest(n, 0);
  std::vector<Node> open, path;
  std::vector<std::uint32_t> next(first_arc.begin(), first_arc.end() - 1);
  std::uint32_t time = 0, count = 0;
  for (Node root = 0; root < n; ++root) {
    if (seen_at[root] != kNone) continue;
    path.push_back(root);
    while (!path.empty()) {
      const Node v = path.back();
      if (seen_at[v] == kNone) {
        seen_at[v] = lowest[v] = time++;
        open.push_back(v);
      }
      if (next[v] < first_arc[v + 1]) {
        const Node w = arc_head[next[v]++];
        if (seen_at[w] == kNone) {
          path.push_back(w);
        } else if (component[w] == kNone) {
          lowest[v] = std::min(lowest[v], seen_at[w]);
        }
        continue;
      }
      path.pop_back();
      if (!path.empty()) lowest[path.back()] = std::min(lowest[path.back()], lowest[v]);
      if (lowest[v] != seen_at[v]) continue;
      while (component[v] == kNone) {
        component[open.back()] = count;
        open.pop_back();
      }
      ++count;
    }
  }
  return component;
}

}  // namespace evc::routing::roads
