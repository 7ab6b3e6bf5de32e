// Weights between many places at once. Every target leaves its weight in a bucket at each node above it; a source then
// reads the buckets at the nodes above itself. Targets that are further from a node than the limit leave nothing there.
// Made once per set of targets; rows may then be asked for in any order, from one thread.
#pragma once

#include <vector>

#include "services/routing/domain/roads/route.hpp"

namespace evc::routing::roads {

class TargetBuckets {
 public:
  // Both outlive it. `limit`: weights above it need not be found.
  TargetBuckets(const RoadNetwork& network, const Metric& metric, std::vector<RoadPlace> targets, Weight limit);

  // By target; kInfinite: no way, or above the limit.
  std::vector<Weight> row(const RoadPlace& source);

 private:
  struct Entry {
    std::uint32_t target;
    Weight weight;
  };
  const RoadNetwork& network_;
  const Metric& metric_;
  std::vector<RoadPlace> targets_;
  Weight limit_;
  std::vector<std::uint32_t> first_;  // by node
  std::vector<Entry> entries_;
  Climb forward_;
};

}  // namespace evc::routing::roads
