#include "services/routing/domain/roads/many_to_many.hpp"

#include <algorithm>

namespace evc::routing::roads {

TargetBuckets::TargetBuckets(const RoadNetwork& network, const Metric& metric, std::vector<RoadPlace> targets,
                             Weight limit)
    : network_(network),
      metric_(metric),
      targets_(std::move(targets)),
      limit_(std::min(limit, kUnreachable)),
      forward_(network, metric, Climb::Direction::kFromStart) {
  struct Left {
    Node node;
    Entry entry;
  };
  std::vector<Left> left;
  Climb backward(network, metric, Climb::Direction::kToTarget);
  for (std::uint32_t target = 0; target < targets_.size(); ++target) {
    backward.run(ways_to(network, metric, targets_[target]));
    for (const Node node : backward.visited()) {
      if (backward.weight(node) < limit_) left.push_back({node, {target, backward.weight(node)}});
    }
  }
  first_.assign(network.node_count() + 1, 0);
  for (const Left& one : left) ++first_[one.node + 1];
  for (Node node = 0; node < network.node_count(); ++node) first_[node + 1] += first_[node];
  entries_.resize(left.size());
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for (const Left& one : left) entries_[next[one.node]++] = one.entry;
}

std::vector<Weight> TargetBuckets::row(const RoadPlace& source) {
  std::vector<Weight> weights(targets_.size(), kInfinite);
  forward_.run(ways_from(network_, metric_, source));
  for (const Node node : forward_.visited()) {
    const Weight here = forward_.weight(node);
    if (here >= limit_) continue;
    for (std::uint32_t i = first_[node]; i < first_[node + 1]; ++i)
      weights[entries_[i].target] = std::min(weights[entries_[i].target], here + entries_[i].weight);
  }
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    weights[target] = std::min(weights[target], direct_way(network_, metric_, source, targets_[target]).weight);
    if (weights[target] > limit_) weights[target] = kInfinite;
  }
  return weights;
}

}  // namespace evc::routing::roads
