// The imported road network as plain arrays: what evcosta-import writes, what the service maps into memory and what
// tests build by hand. A segment is a road between two junctions with its shape; each of its two directions is a lane
// (lane 2·segment along the shape, 2·segment + 1 against it). The graph that is searched has a node per junction, and
// more where a turn restriction must be remembered (turns.hpp); its nodes are numbered in the order of contraction, so
// that a hierarchy needs no second numbering. Immutable after building; a RoadNetwork only looks at arrays owned
// elsewhere.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "services/routing/domain/geo.hpp"

namespace evc::routing::roads {

using SegmentId = std::uint32_t;
using LaneId = std::uint32_t;
using Node = std::uint32_t;
using ArcId = std::uint32_t;
using EdgeId = std::uint32_t;  // of the hierarchy

constexpr std::uint32_t kNone = 0xffff'ffff;

constexpr LaneId lane_along(SegmentId segment) {
  return 2 * segment;
}
constexpr SegmentId segment_of(LaneId lane) {
  return lane / 2;
}
constexpr LaneId reversed(LaneId lane) {
  return lane ^ 1U;
}
constexpr bool is_against(LaneId lane) {
  return (lane & 1U) != 0;
}

struct Point {
  std::int32_t lat_e7 = 0;
  std::int32_t lon_e7 = 0;
  bool operator==(const Point&) const = default;
};

constexpr double kE7 = 1e7;
constexpr Position position_of(Point point) {
  return {point.lat_e7 / kE7, point.lon_e7 / kE7};
}

// A point of a segment's shape. The speeds are those of the stretch from here to the next point; 0: closed.
struct ShapePoint {
  Point point;
  std::int16_t elevation = 0;  // quarter metres above the sea
  std::uint8_t speed_along = 0;
  std::uint8_t speed_against = 0;  // speed classes: speed_slope.hpp
};

enum class RoadClass : std::uint8_t {
  kMotorway,
  kTrunk,
  kPrimary,
  kSecondary,
  kTertiary,
  kUnclassified,
  kResidential,
  kService,
  kFerry
};

enum SegmentFlags : std::uint8_t {
  kToll = 1,
  kHasFerry = 2,
  kTiny = 4,  // belongs to a small part that the rest of the network cannot be reached from: nobody starts there
};

struct Segment {
  std::uint32_t first_point = 0;  // up to the next segment's
  std::uint32_t name = 0;         // offset in `names`
  RoadClass road_class = RoadClass::kService;
  std::uint8_t flags = 0;
  std::uint16_t reserved = 0;
};

// One direction of a segment. `milliseconds` is free flow with what signals and gates cost.
struct Lane {
  std::uint32_t milliseconds = kNone;  // kNone: closed
  std::uint32_t length_dm = 0;
  std::uint32_t climb_dm = 0;
  std::uint32_t descent_dm = 0;
  std::uint32_t first_bin = 0;  // up to the next lane's: packed lengths per (speed, slope), see speed_slope.hpp
};

struct Box {
  std::int32_t min_lat = 0, min_lon = 0, max_lat = 0, max_lon = 0;
};

// A run of a segment's shape in the spatial index.
struct ShapeRun {
  std::uint32_t segment = 0;
  std::uint32_t first_point = 0;
};

enum class PlaceKind : std::uint8_t {
  kCity,
  kTown,
  kSuburb,
  kVillage,
  kHamlet,
};

struct NamedPlace {
  std::int64_t osm_id = 0;
  Point point;
  std::uint32_t population = 0;
  std::uint32_t name = 0;    // offset in `names`
  std::uint32_t region = 0;  // state or province where the map says one, else the empty name
  PlaceKind kind = PlaceKind::kHamlet;
  std::uint8_t reserved[3] = {};
};

enum class PoiKind : std::uint8_t { kFood, kToilet, kRestArea };

struct Poi {
  std::int64_t osm_id = 0;
  Point point;
  std::uint32_t name = 0;
  PoiKind kind = PoiKind::kFood;
  std::uint8_t reserved[3] = {};
};

// All arrays of a network, in vectors or in spans. CSR arrays (`first_…`) have one element more than what they index.
template <template <class> class Array>
struct NetworkArrays {
  // roads
  Array<ShapePoint> points;
  Array<Segment> segments;  // and one more at the end, whose first_point closes the last one's
  Array<Lane> lanes;        // and one more at the end
  Array<std::uint32_t> bins;
  Array<char> names;  // each ends with a zero; offset 0 is the empty name
  // the graph that is searched
  Array<Point> node_points;
  Array<std::uint32_t> first_arc;  // by node
  Array<Node> arc_head;
  Array<LaneId> arc_lane;
  Array<std::uint32_t> first_arc_of_lane;  // by lane
  Array<ArcId> lane_arcs;                  // the first one of a lane is the one without remembered turns
  // the hierarchy
  Array<EdgeId> first_up;    // by node: edges to higher nodes, heads rising
  Array<Node> up_head;       // by edge
  Array<Node> edge_tail;     // by edge
  Array<EdgeId> first_down;  // by node: places in down_edge
  Array<EdgeId> down_edge;   // edges that end at this node, tails rising
  Array<std::uint32_t>
      arc_edge;  // by arc: 2·edge, + 1 when the arc goes from the higher to the lower node; kNone: loop
  // the spatial index: a packed tree over runs of shape
  Array<ShapeRun> runs;
  Array<Box> boxes;                     // of the runs, then level by level to the root
  Array<std::uint32_t> first_of_level;  // in `boxes`; one more at the end
  // what stands beside the roads
  Array<NamedPlace> places;
  Array<Poi> pois;

  std::uint32_t node_count() const { return static_cast<std::uint32_t>(node_points.size()); }
  std::uint32_t segment_count() const { return segments.empty() ? 0 : static_cast<std::uint32_t>(segments.size() - 1); }
  std::uint32_t lane_count() const { return 2 * segment_count(); }
  std::uint32_t arc_count() const { return static_cast<std::uint32_t>(arc_head.size()); }
  bool open(LaneId lane) const { return lanes[lane].milliseconds != kNone; }
  std::string_view name(std::uint32_t offset) const { return {names.data() + offset}; }
  std::span<const ShapePoint> shape(SegmentId segment) const {
    const std::uint32_t first = segments[segment].first_point;
    return std::span<const ShapePoint>(points).subspan(first, segments[segment + 1].first_point - first);
  }
  std::span<const std::uint32_t> lane_bins(LaneId lane) const {
    const std::uint32_t first = lanes[lane].first_bin;
    return std::span<const std::uint32_t>(bins).subspan(first, lanes[lane + 1].first_bin - first);
  }
  std::span<const ArcId> arcs_of_lane(LaneId lane) const {
    const std::uint32_t first = first_arc_of_lane[lane];
    return std::span<const ArcId>(lane_arcs).subspan(first, first_arc_of_lane[lane + 1] - first);
  }
};

template <class T>
using Owned = std::vector<T>;
template <class T>
using Viewed = std::span<const T>;

using RoadNetworkData = NetworkArrays<Owned>;
using RoadNetwork = NetworkArrays<Viewed>;

// Calls visit(name, array…) for every array of one or more networks; names are those of the files.
template <class Visit, class... Arrays>
void for_each_array(Visit visit, Arrays&... arrays) {
  visit("points", arrays.points...);
  visit("segments", arrays.segments...);
  visit("lanes", arrays.lanes...);
  visit("bins", arrays.bins...);
  visit("names", arrays.names...);
  visit("node_points", arrays.node_points...);
  visit("first_arc", arrays.first_arc...);
  visit("arc_head", arrays.arc_head...);
  visit("arc_lane", arrays.arc_lane...);
  visit("first_arc_of_lane", arrays.first_arc_of_lane...);
  visit("lane_arcs", arrays.lane_arcs...);
  visit("first_up", arrays.first_up...);
  visit("up_head", arrays.up_head...);
  visit("edge_tail", arrays.edge_tail...);
  visit("first_down", arrays.first_down...);
  visit("down_edge", arrays.down_edge...);
  visit("arc_edge", arrays.arc_edge...);
  visit("runs", arrays.runs...);
  visit("boxes", arrays.boxes...);
  visit("first_of_level", arrays.first_of_level...);
  visit("places", arrays.places...);
  visit("pois", arrays.pois...);
}

// Looks at `data`, which must outlive it and not change.
RoadNetwork view_of(const RoadNetworkData& data);

}  // namespace evc::routing::roads
