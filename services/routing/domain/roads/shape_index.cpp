#include "services/routing/domain/roads/shape_index.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <queue>

#include "services/routing/domain/roads/hilbert.hpp"

namespace evc::routing::roads {
namespace {

constexpr std::uint32_t kFanOut = 16;
constexpr std::uint32_t kRunPieces = 8;
constexpr double kMetresPerE7 = 6'371'008.8 * std::numbers::pi / 180 / kE7;

std::uint32_t hilbert_of(const Box& box) {
  const auto middle = [](std::int64_t low, std::int64_t high) { return static_cast<std::int32_t>((low + high) / 2); };
  return hilbert_key({middle(box.min_lat, box.max_lat), middle(box.min_lon, box.max_lon)});
}

Box joined(const Box& a, const Box& b) {
  return {std::min(a.min_lat, b.min_lat), std::min(a.min_lon, b.min_lon), std::max(a.max_lat, b.max_lat),
          std::max(a.max_lon, b.max_lon)};
}

Box box_of(Point point) {
  return {point.lat_e7, point.lon_e7, point.lat_e7, point.lon_e7};
}

// The last piece of a run ends where the next run begins.
std::uint32_t run_end(const RoadNetwork& network, const ShapeRun& run) {
  return std::min(run.first_point + kRunPieces, network.segments[run.segment + 1].first_point - 1);
}

// Metres on the plane that touches the earth at the position.
class LocalPlane {
 public:
  explicit LocalPlane(const Position& position)
      : lat_(position.lat * kE7), lon_(position.lon * kE7), shrink_(std::cos(position.lat * std::numbers::pi / 180)) {}

  double x(double lon_e7) const { return (lon_e7 - lon_) * shrink_ * kMetresPerE7; }
  double y(double lat_e7) const { return (lat_e7 - lat_) * kMetresPerE7; }

  double square_to(const Box& box) const {
    const double dx = std::max({x(box.min_lon), -x(box.max_lon), 0.0});
    const double dy = std::max({y(box.min_lat), -y(box.max_lat), 0.0});
    return dx * dx + dy * dy;
  }

  struct Foot {
    double square = 0;
    double share = 0;  // of the piece
  };
  Foot foot_on(Point a, Point b) const {
    const double ax = x(a.lon_e7), ay = y(a.lat_e7), bx = x(b.lon_e7) - ax, by = y(b.lat_e7) - ay;
    const double length = bx * bx + by * by;
    const double share = length > 0 ? std::clamp(-(ax * bx + ay * by) / length, 0.0, 1.0) : 0;
    const double fx = ax + share * bx, fy = ay + share * by;
    return {fx * fx + fy * fy, share};
  }

 private:
  double lat_, lon_, shrink_;
};

struct Found {
  double square = std::numeric_limits<double>::infinity();
  SegmentId segment = kNone;
  std::uint32_t point = 0;
  double share = 0;
};

RoadPlace place_of(const RoadNetwork& network, const Position& position, const Found& found) {
  const std::uint32_t first = network.segments[found.segment].first_point;
  const std::uint32_t last = network.segments[found.segment + 1].first_point - 1;
  double before = 0, whole = 0;
  for (std::uint32_t i = first; i < last; ++i) {
    const double length =
        great_circle_m(position_of(network.points[i].point), position_of(network.points[i + 1].point));
    if (i < found.point) before += length;
    if (i == found.point) before += length * found.share;
    whole += length;
  }
  const Position on_road = between(position_of(network.points[found.point].point),
                                   position_of(network.points[found.point + 1].point), found.share);
  return {.segment = found.segment,
          .share = whole > 0 ? before / whole : 0,
          .distance_m = great_circle_m(position, on_road),
          .position = on_road};
}

}  // namespace

void add_shape_index(RoadNetworkData& network) {
  struct Keyed {
    std::uint32_t key;
    ShapeRun run;
    Box box;
  };
  std::vector<Keyed> keyed;
  for (SegmentId segment = 0; segment < network.segment_count(); ++segment) {
    const std::uint32_t last = network.segments[segment + 1].first_point - 1;
    for (std::uint32_t first = network.segments[segment].first_point; first < last; first += kRunPieces) {
      Box box = box_of(network.points[first].point);
      for (std::uint32_t i = first + 1; i <= std::min(first + kRunPieces, last); ++i)
        box = joined(box, box_of(network.points[i].point));
      keyed.push_back({hilbert_of(box), {segment, first}, box});
    }
  }
  std::ranges::sort(keyed, {}, [](const Keyed& one) { return std::pair(one.key, one.run.first_point); });
  network.runs.clear();
  network.boxes.clear();
  for (const Keyed& one : keyed) {
    network.runs.push_back(one.run);
    network.boxes.push_back(one.box);
  }
  network.first_of_level = {0};
  std::uint32_t below = 0;
  auto end = static_cast<std::uint32_t>(network.boxes.size());
  while (end - below > 1) {
    network.first_of_level.push_back(end);
    for (std::uint32_t i = below; i < end; i += kFanOut) {
      Box box = network.boxes[i];
      for (std::uint32_t child = i + 1; child < std::min(i + kFanOut, end); ++child)
        box = joined(box, network.boxes[child]);
      network.boxes.push_back(box);
    }
    below = end;
    end = static_cast<std::uint32_t>(network.boxes.size());
  }
  network.first_of_level.push_back(end);
}

std::optional<RoadPlace> nearest_road(const RoadNetwork& network, const Position& position, Snapping snapping,
                                      double limit_m) {
  if (network.runs.empty()) return std::nullopt;
  const LocalPlane plane(position);
  struct Item {
    double square;
    std::uint32_t level, box;
    bool operator>(const Item& other) const { return std::pair(square, box) > std::pair(other.square, other.box); }
  };
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  const auto root_level = static_cast<std::uint32_t>(network.first_of_level.size() - 2);
  const auto root = static_cast<std::uint32_t>(network.boxes.size() - 1);
  queue.push({plane.square_to(network.boxes[root]), root_level, root});
  Found best{.square = limit_m * limit_m};
  while (!queue.empty() && queue.top().square <= best.square) {
    const Item item = queue.top();
    queue.pop();
    if (item.level > 0) {
      const std::uint32_t first =
          network.first_of_level[item.level - 1] + (item.box - network.first_of_level[item.level]) * kFanOut;
      const std::uint32_t end = std::min(first + kFanOut, network.first_of_level[item.level]);
      for (std::uint32_t child = first; child < end; ++child) {
        const double square = plane.square_to(network.boxes[child]);
        if (square <= best.square) queue.push({square, item.level - 1, child});
      }
      continue;
    }
    const ShapeRun& run = network.runs[item.box];
    if (snapping == Snapping::kWellConnected && (network.segments[run.segment].flags & kTiny) != 0) continue;
    for (std::uint32_t i = run.first_point; i < run_end(network, run); ++i) {
      const auto foot = plane.foot_on(network.points[i].point, network.points[i + 1].point);
      if (foot.square < best.square || (foot.square == best.square && best.segment == kNone))
        best = {foot.square, run.segment, i, foot.share};
    }
  }
  if (best.segment == kNone) return std::nullopt;
  return place_of(network, position, best);
}

}  // namespace evc::routing::roads
