// One half of a query: from a few nodes up the elimination tree, which visits all their ancestors, lower ones first,
// and knows afterwards the least weight to (or from) each of them over rising edges. Keeps an array as large as the
// network has nodes; used again and again by one thread.
#pragma once

#include <span>
#include <vector>

#include "services/routing/domain/roads/hierarchy.hpp"
#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

// A node to begin or end at, and what the way between the place and the node weighs.
struct RouteEnd {
  Node node = 0;
  Weight offset = 0;
  LaneId lane = 0;
};

class Climb {
 public:
  enum class Direction { kFromStart, kToTarget };

  // Both outlive it.
  Climb(const RoadNetwork& network, const Metric& metric, Direction direction);

  // From the next run on.
  void use(const Metric& metric) { metric_ = &metric; }
  void run(std::span<const RouteEnd> ends);
  std::span<const Node> visited() const { return visited_; }
  Weight weight(Node node) const { return reached_[node].weight; }  // at least kUnreachable: not reached
  EdgeId edge_to(Node node) const { return reached_[node].by; }     // kNone: one of the ends

 private:
  struct Reached {
    Weight weight = kInfinite;
    EdgeId by = kNone;
  };
  void climb_from(Node node);

  const RoadNetwork& network_;
  const Metric* metric_;
  Direction direction_;
  std::vector<Reached> reached_;
  std::vector<Node> visited_, waiting_;
};

}  // namespace evc::routing::roads
