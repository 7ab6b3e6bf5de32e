// The best way between two places on roads, with one metric: up the elimination tree from both ends, which visits the
// same few hundred nodes whatever the weights are, then down into lanes. One RouteQuery per thread; it keeps two arrays
// as large as the network has nodes and may be used again and again.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "services/routing/domain/roads/climb.hpp"
#include "services/routing/domain/roads/hierarchy.hpp"
#include "services/routing/domain/roads/network.hpp"
#include "services/routing/domain/roads/shape_index.hpp"

namespace evc::routing::roads {

// A part of a segment weighs its share of the whole.
std::vector<RouteEnd> ways_from(const RoadNetwork& network, const Metric& metric, const RoadPlace& place);
std::vector<RouteEnd> ways_to(const RoadNetwork& network, const Metric& metric, const RoadPlace& place);
// Without leaving the segment; kInfinite when that is not possible.
struct DirectWay {
  Weight weight = kInfinite;
  LaneId lane = 0;
};
DirectWay direct_way(const RoadNetwork& network, const Metric& metric, const RoadPlace& from, const RoadPlace& to);

// From share `from` to share `to` of the lane, both counted in driving direction.
struct RouteStep {
  LaneId lane = 0;
  double from = 0;
  double to = 1;
};

struct Route {
  Weight weight = 0;
  std::vector<RouteStep> steps;
};

class RouteQuery {
 public:
  // Both outlive the query.
  RouteQuery(const RoadNetwork& network, const Metric& metric);
  // From the next query on.
  void use(const Metric& metric);

  std::optional<Route> run(const RoadPlace& from, const RoadPlace& to);
  // The weight alone; kInfinite: no way.
  Weight weight(const RoadPlace& from, const RoadPlace& to);
  Weight weight(std::span<const RouteEnd> from, std::span<const RouteEnd> to);

 private:
  void meet(std::span<const RouteEnd> from, std::span<const RouteEnd> to);
  enum class Course { kUp, kDown };  // from the lower node of an edge to the higher one, or back
  void unpack(EdgeId edge, Course course, std::vector<RouteStep>& steps) const;
  bool unpack_arc(EdgeId edge, Course course, std::vector<RouteStep>& steps) const;

  const RoadNetwork& network_;
  const Metric* metric_;
  Climb forward_, backward_;
  Weight best_ = kInfinite;
  Node meeting_ = kNone;
};

// Where a route leads, for a map.
std::vector<Position> geometry(const RoadNetwork& network, const Route& route);

struct RouteTotals {
  double length_m = 0;
  double seconds = 0;
  double climb_m = 0;
  double descent_m = 0;
};
RouteTotals totals(const RoadNetwork& network, const Route& route);

// What a route asks of any car: metres per (speed, slope) class, and the seconds of free flow. With
// a vehicle's rates, energy and time are two dot products; a leg that was found once serves every vehicle.
struct RouteDemand {
  std::array<double, kBinCount> metres{};
  double seconds = 0;
  double still_seconds = 0;  // of them: at signals and gates, on ferries
};
RouteDemand demand(const RoadNetwork& network, const Route& route);
LaneCost cost_of(const RouteDemand& demand, const EnergyRates& rates);

}  // namespace evc::routing::roads
