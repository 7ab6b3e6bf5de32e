#include "services/routing/domain/roads/climb.hpp"

#include <algorithm>

namespace evc::routing::roads {

Climb::Climb(const RoadNetwork& network, const Metric& metric, Direction direction)
    : network_(network), metric_(&metric), direction_(direction), reached_(network.node_count()) {}

void Climb::run(std::span<const RouteEnd> ends) {
  for (const Node node : visited_) reached_[node] = {};
  visited_.clear();
  waiting_.clear();
  for (const RouteEnd& end : ends) {
    if (end.offset < reached_[end.node].weight) reached_[end.node] = {end.offset, kNone};
    waiting_.push_back(end.node);
  }
  // The root paths of the ends, merged by their lowest node.
  while (!waiting_.empty()) {
    const Node node = std::ranges::min(waiting_);
    visited_.push_back(node);
    climb_from(node);
    std::erase(waiting_, node);
    const EdgeId up = network_.first_up[node];
    if (up < network_.first_up[node + 1]) waiting_.push_back(network_.up_head[up]);
  }
}

void Climb::climb_from(Node node) {
  const Weight here = reached_[node].weight;
  if (here >= kUnreachable) return;
  const EdgeId end = network_.first_up[node + 1];
  for (EdgeId edge = network_.first_up[node]; edge < end; ++edge) {
    const Weight weight = here + (direction_ == Direction::kFromStart ? metric_->up(edge) : metric_->down(edge));
    Reached& above = reached_[network_.up_head[edge]];
    if (weight < above.weight) above = {weight, edge};
  }
}

}  // namespace evc::routing::roads
