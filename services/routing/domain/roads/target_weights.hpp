// Least weights to one place from any node, found when they are asked for: one climb from the place, then each node
// once from the nodes above it (a potential of the hierarchy; Strasser and Zeitz, 2021). Keeps what was asked for
// alone, so that it costs nothing on a large network. For one search; network and metric outlive it.
#pragma once

#include <unordered_map>
#include <vector>

#include "services/routing/domain/roads/route.hpp"

namespace evc::routing::roads {

class TargetWeights {
 public:
  TargetWeights(const RoadNetwork& network, const Metric& metric, const RoadPlace& target);

  // At least kUnreachable: there is no way.
  Weight from(Node node);

 private:
  Weight by_nodes_above(Node node) const;

  const RoadNetwork& network_;
  const Metric& metric_;
  std::unordered_map<Node, Weight> falling_;  // by falling edges alone, from the nodes above the place
  std::unordered_map<Node, Weight> known_;
  std::vector<Node> asked_;
};

}  // namespace evc::routing::roads
