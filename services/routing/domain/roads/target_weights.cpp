#include "services/routing/domain/roads/target_weights.hpp"

#include <algorithm>
#include <map>

namespace evc::routing::roads {

TargetWeights::TargetWeights(const RoadNetwork& network, const Metric& metric, const RoadPlace& target)
    : network_(network), metric_(metric) {
  std::map<Node, Weight> waiting;
  const auto reach = [&](Node node, Weight weight) {
    const auto [known, fresh] = waiting.try_emplace(node, weight);
    if (!fresh) known->second = std::min(known->second, weight);
  };
  for (const RouteEnd& end : ways_to(network, metric, target)) reach(end.node, end.offset);
  while (!waiting.empty()) {
    const auto [node, weight] = *waiting.begin();
    waiting.erase(waiting.begin());
    if (weight >= kUnreachable) continue;
    falling_.emplace(node, weight);
    for (EdgeId edge = network.first_up[node]; edge < network.first_up[node + 1]; ++edge)
      reach(network.up_head[edge], std::min(kInfinite, weight + metric.down(edge)));
  }
}

Weight TargetWeights::by_nodes_above(Node node) const {
  const auto falling = falling_.find(node);
  Weight least = falling == falling_.end() ? kInfinite : falling->second;
  for (EdgeId edge = network_.first_up[node]; edge < network_.first_up[node + 1]; ++edge) {
    const Weight above = known_.at(network_.up_head[edge]);
    if (above < kUnreachable) least = std::min(least, metric_.up(edge) + above);
  }
  return least;
}

// The nodes above a node are those above its lowest neighbour, and that one.
Weight TargetWeights::from(Node node) {
  asked_.clear();
  for (Node at = node; !known_.contains(at); at = network_.up_head[network_.first_up[at]]) {
    asked_.push_back(at);
    if (network_.first_up[at] == network_.first_up[at + 1]) break;
  }
  for (auto at = asked_.rbegin(); at != asked_.rend(); ++at) known_.emplace(*at, by_nodes_above(*at));
  return known_.at(node);
}

}  // namespace evc::routing::roads
