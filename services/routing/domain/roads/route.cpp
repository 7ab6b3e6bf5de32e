#include "services/routing/domain/roads/route.hpp"

#include <algorithm>
#include <cmath>

namespace evc::routing::roads {
namespace {

Weight part(Weight whole, double share) {
  return static_cast<Weight>(std::lround(whole * share));
}

// Counted in the lane's direction.
double share_along(const RoadPlace& place, LaneId lane) {
  return is_against(lane) ? 1 - place.share : place.share;
}

}  // namespace

std::vector<RouteEnd> ways_from(const RoadNetwork& network, const Metric& metric, const RoadPlace& place) {
  std::vector<RouteEnd> ends;
  for (const LaneId lane : {lane_along(place.segment), reversed(lane_along(place.segment))}) {
    if (!network.open(lane)) continue;
    ends.push_back({.node = network.arc_head[network.arcs_of_lane(lane).front()],
                    .offset = part(metric.of_lane(lane), 1 - share_along(place, lane)),
                    .lane = lane});
  }
  return ends;
}

std::vector<RouteEnd> ways_to(const RoadNetwork& network, const Metric& metric, const RoadPlace& place) {
  std::vector<RouteEnd> ends;
  for (const LaneId lane : {lane_along(place.segment), reversed(lane_along(place.segment))}) {
    if (!network.open(lane)) continue;
    for (const ArcId arc : network.arcs_of_lane(lane)) {
      const auto after = std::ranges::upper_bound(network.first_arc, arc);
      ends.push_back({.node = static_cast<Node>(after - network.first_arc.begin() - 1),
                      .offset = part(metric.of_lane(lane), share_along(place, lane)),
                      .lane = lane});
    }
  }
  return ends;
}

DirectWay direct_way(const RoadNetwork& network, const Metric& metric, const RoadPlace& from, const RoadPlace& to) {
  if (from.segment != to.segment) return {};
  const LaneId along = lane_along(from.segment), lane = to.share >= from.share ? along : reversed(along);
  if (!network.open(lane)) return {};
  return {.weight = part(metric.of_lane(lane), share_along(to, lane) - share_along(from, lane)), .lane = lane};
}

RouteQuery::RouteQuery(const RoadNetwork& network, const Metric& metric)
    : network_(network),
      metric_(&metric),
      forward_(network, metric, Climb::Direction::kFromStart),
      backward_(network, metric, Climb::Direction::kToTarget) {}

void RouteQuery::use(const Metric& metric) {
  metric_ = &metric;
  forward_.use(metric);
  backward_.use(metric);
}

void RouteQuery::meet(std::span<const RouteEnd> from, std::span<const RouteEnd> to) {
  forward_.run(from);
  backward_.run(to);
  best_ = kInfinite;
  meeting_ = kNone;
  for (const Node node : backward_.visited()) {
    if (forward_.weight(node) >= kUnreachable || backward_.weight(node) >= kUnreachable) continue;
    const Weight weight = forward_.weight(node) + backward_.weight(node);
    if (weight >= best_) continue;
    best_ = weight;
    meeting_ = node;
  }
}

Weight RouteQuery::weight(std::span<const RouteEnd> from, std::span<const RouteEnd> to) {
  meet(from, to);
  return best_;
}

Weight RouteQuery::weight(const RoadPlace& from, const RoadPlace& to) {
  meet(ways_from(network_, *metric_, from), ways_to(network_, *metric_, to));
  return std::min(best_, direct_way(network_, *metric_, from, to).weight);
}

std::optional<Route> RouteQuery::run(const RoadPlace& from, const RoadPlace& to) {
  const std::vector<RouteEnd> starts = ways_from(network_, *metric_, from), ends = ways_to(network_, *metric_, to);
  meet(starts, ends);
  const DirectWay direct = direct_way(network_, *metric_, from, to);
  if (direct.weight <= best_ && direct.weight < kUnreachable) {
    return Route{direct.weight, {{direct.lane, share_along(from, direct.lane), share_along(to, direct.lane)}}};
  }
  if (meeting_ == kNone) return std::nullopt;
  std::vector<EdgeId> up;
  Node start = meeting_, end = meeting_;
  for (; forward_.edge_to(start) != kNone; start = network_.edge_tail[up.back()]) up.push_back(forward_.edge_to(start));
  const auto at = [](const std::vector<RouteEnd>& ways, Node node, Weight offset) {
    return *std::ranges::find_if(ways, [&](const RouteEnd& way) { return way.node == node && way.offset == offset; });
  };
  Route route{.weight = best_, .steps = {}};
  const LaneId first = at(starts, start, forward_.weight(start)).lane;
  route.steps.push_back({first, share_along(from, first), 1});
  for (auto edge = up.rbegin(); edge != up.rend(); ++edge) unpack(*edge, Course::kUp, route.steps);
  for (EdgeId edge = backward_.edge_to(end); edge != kNone; edge = backward_.edge_to(end)) {
    unpack(edge, Course::kDown, route.steps);
    end = network_.edge_tail[edge];
  }
  const LaneId last = at(ends, end, backward_.weight(end)).lane;
  route.steps.push_back({last, 0, share_along(to, last)});
  return route;
}

void RouteQuery::unpack(EdgeId edge, Course course, std::vector<RouteStep>& steps) const {
  struct Part {
    EdgeId edge;
    Course course;
  };
  std::vector<Part> parts = {{edge, course}};
  while (!parts.empty()) {
    const Part whole = parts.back();
    parts.pop_back();
    if (unpack_arc(whole.edge, whole.course, steps)) continue;
    // Through the lower node whose two edges add up: both lists of lower neighbours have rising tails.
    const Weight weight = whole.course == Course::kUp ? metric_->up(whole.edge) : metric_->down(whole.edge);
    const Node x = network_.edge_tail[whole.edge], y = network_.up_head[whole.edge];
    EdgeId i = network_.first_down[x], j = network_.first_down[y];
    while (i < network_.first_down[x + 1] && j < network_.first_down[y + 1]) {
      const EdgeId to_x = network_.down_edge[i], to_y = network_.down_edge[j];
      if (network_.edge_tail[to_x] != network_.edge_tail[to_y]) {
        ++(network_.edge_tail[to_x] < network_.edge_tail[to_y] ? i : j);
        continue;
      }
      const EdgeId first = whole.course == Course::kUp ? to_x : to_y,
                   second = whole.course == Course::kUp ? to_y : to_x;
      if (metric_->down(first) + metric_->up(second) == weight) {
        parts.push_back({second, Course::kUp});
        parts.push_back({first, Course::kDown});
        break;
      }
      ++i;
      ++j;
    }
  }
}

bool RouteQuery::unpack_arc(EdgeId edge, Course course, std::vector<RouteStep>& steps) const {
  const Node tail = course == Course::kUp ? network_.edge_tail[edge] : network_.up_head[edge];
  const std::uint32_t wanted = 2 * edge + (course == Course::kUp ? 0U : 1U);
  const Weight weight = course == Course::kUp ? metric_->up(edge) : metric_->down(edge);
  for (ArcId arc = network_.first_arc[tail]; arc < network_.first_arc[tail + 1]; ++arc) {
    if (network_.arc_edge[arc] != wanted || metric_->of_lane(network_.arc_lane[arc]) != weight) continue;
    steps.push_back({network_.arc_lane[arc], 0, 1});
    return true;
  }
  return false;
}

std::vector<Position> geometry(const RoadNetwork& network, const Route& route) {
  std::vector<Position> line;
  const auto add = [&](const Position& position) {
    if (line.empty() || line.back() != position) line.push_back(position);
  };
  for (const RouteStep& step : route.steps) {
    const auto shape = network.shape(segment_of(step.lane));
    std::vector<Position> points;
    for (const ShapePoint& point : shape) points.push_back(position_of(point.point));
    if (is_against(step.lane)) std::ranges::reverse(points);
    std::vector<double> at = {0};
    for (std::size_t i = 0; i + 1 < points.size(); ++i) at.push_back(at[i] + great_circle_m(points[i], points[i + 1]));
    const auto on_line = [&](double share) {
      const double metres = share * at.back();
      const auto after = std::max<std::ptrdiff_t>(1, std::ranges::lower_bound(at, metres) - at.begin());
      const auto i = std::min(static_cast<std::size_t>(after), at.size() - 1);
      const double run = at[i] - at[i - 1];
      return between(points[i - 1], points[i], run > 0 ? std::clamp((metres - at[i - 1]) / run, 0.0, 1.0) : 0);
    };
    add(step.from > 0 ? on_line(step.from) : points.front());
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (at[i] > step.from * at.back() && at[i] < step.to * at.back()) add(points[i]);
    }
    add(step.to < 1 ? on_line(step.to) : points.back());
  }
  return line;
}

RouteTotals totals(const RoadNetwork& network, const Route& route) {
  RouteTotals sum;
  for (const RouteStep& step : route.steps) {
    const Lane& lane = network.lanes[step.lane];
    const double share = step.to - step.from;
    sum.length_m += lane.length_dm / 10.0 * share;
    sum.seconds += lane.milliseconds / 1'000.0 * share;
    sum.climb_m += lane.climb_dm / 10.0 * share;
    sum.descent_m += lane.descent_dm / 10.0 * share;
  }
  return sum;
}

RouteDemand demand(const RoadNetwork& network, const Route& route) {
  RouteDemand sum;
  for (const RouteStep& step : route.steps) {
    const double share = step.to - step.from;
    double moving = 0;
    for (const std::uint32_t packed : network.lane_bins(step.lane)) {
      const std::uint32_t bin = bin_in(packed);
      sum.metres[bin] += metres_in(packed) * share;
      moving += seconds_in(packed);
    }
    const double seconds = network.lanes[step.lane].milliseconds / 1'000.0;
    sum.seconds += seconds * share;
    sum.still_seconds += std::max(0.0, seconds - moving) * share;
  }
  return sum;
}

LaneCost cost_of(const RouteDemand& demand, const EnergyRates& rates) {
  LaneCost cost{.seconds = demand.seconds, .battery_wh = demand.still_seconds * rates.wh_per_still_second};
  for (std::uint32_t bin = 0; bin < kFerryBin; ++bin) {
    cost.seconds += demand.metres[bin] * rates.extra_seconds_per_m[bin];
    cost.battery_wh += demand.metres[bin] * rates.wh_per_m[bin];
  }
  return cost;
}

}  // namespace evc::routing::roads
