// The two passes over a map file; the only place that knows libosmium. What the file cannot give is an error that says
// why; libosmium's exceptions end here.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "kit/base/result.hpp"
#include "services/routing/domain/roads/raw_roads.hpp"
#include "services/routing/import/car_rules.hpp"
#include "services/routing/import/node_numbers.hpp"
#include "services/routing/import/tags.hpp"

namespace evc::routing {

// A way that is a station, a rest area or something else worth a point, with what it needs once the pass is over.
struct MarkedWay {
  std::int64_t id = 0;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::int64_t> nodes;
};

struct OsmTurn {
  Restriction kind = Restriction::kForbids;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t via_node = 0;  // when there are no via ways
  std::vector<std::int64_t> via_ways;
};

struct OsmWays {
  std::vector<roads::RawWay> ways;  // first_ref counts in `nodes`
  std::vector<std::int64_t> nodes;  // ids, way after way
  std::vector<MarkedWay> marked;
  std::vector<OsmTurn> turns;
  std::size_t turns_left_out = 0;  // without one from, one to, and a node or ways between
  std::string timestamp;
};
Result<OsmWays> read_ways(const std::string& path, const std::function<std::uint32_t(const std::string&)>& name_of);

constexpr std::int32_t kNotLocated = std::numeric_limits<std::int32_t>::min();

// By number; lat_e7 is kNotLocated where the file does not have the node. `visit` is called for every node with a tag
// that may make it a station, a place or a point of interest.
using VisitNode = std::function<void(std::int64_t id, roads::Point point, const Tags& tags)>;
Result<std::vector<roads::RawNode>> read_nodes(const std::string& path, const NodeNumbers& numbers,
                                               const VisitNode& visit);

}  // namespace evc::routing
