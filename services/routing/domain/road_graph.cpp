#include "services/routing/domain/road_graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <queue>
#include <tuple>

namespace evc::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// From a point beside the road to the road: winding and speed of small streets, estimated.
constexpr double kAccessWinding = 1.3;
constexpr double kAccessSpeedMps = 40 / 3.6;
constexpr NodeId kNoNode = std::numeric_limits<NodeId>::max();

// Against the car, for a road between two points.
double headwind_mps(const Wind& wind, const Position& from, const Position& to) {
  return wind.speed_mps * std::cos(bearing_radians(from, to) - wind.from_deg * std::numbers::pi / 180);
}

}  // namespace

ArcCost arc_cost(const Network& network, const Arc& arc, const ev::EnergyModel& model, const Wind& wind,
                 double cap_mps) {
  const Place &from = network.places()[arc.from], &to = network.places()[arc.to];
  const double speed = std::min(arc.speed_mps, cap_mps);
  return {.seconds = arc.length_m / speed,
          .battery_wh = model.battery_wh({.length_m = arc.length_m,
                                          .speed_mps = speed,
                                          .climb_m = arc.climb_m,
                                          .descent_m = arc.descent_m,
                                          .elevation_m = (from.elevation_m + to.elevation_m) / 2,
                                          .headwind_mps = headwind_mps(wind, from.position, to.position)})};
}

struct RoadGraph::Tree {
  std::vector<double> weight, seconds, length_m;
  std::vector<ev::Profile> profile;
  std::vector<std::uint32_t> edge;  // by which a node was reached
  std::vector<NodeId> settled;
};

Result<RoadGraph> RoadGraph::make(const Network& network, const ev::EnergyModel& model,
                                  const std::vector<Location>& points, std::vector<DrivePolicy> policies,
                                  const Wind& wind) {
  RoadGraph graph;
  graph.model_ = &model;
  graph.policies_ = std::move(policies);
  for (const Place& place : network.places()) graph.nodes_.push_back({place.position, place.elevation_m});
  EVC_CHECK(graph.add_points(network, points));
  std::ranges::sort(graph.edges_, [](const Edge& a, const Edge& b) {
    return std::tie(a.from, a.to, a.length_m) < std::tie(b.from, b.to, b.length_m);
  });
  graph.first_edge_.assign(graph.nodes_.size() + 1, 0);
  for (const Edge& edge : graph.edges_) ++graph.first_edge_[edge.from + 1];
  for (std::size_t i = 0; i < graph.nodes_.size(); ++i) graph.first_edge_[i + 1] += graph.first_edge_[i];
  graph.into_.resize(graph.nodes_.size());
  for (std::uint32_t e = 0; e < graph.edges_.size(); ++e) graph.into_[graph.edges_[e].to].push_back(e);
  graph.weigh_edges(wind);
  return graph;
}

// Splits every arc that carries points (and its twin) at their fractions; a point beside the road gets a short access
// road.
Result<void> RoadGraph::add_points(const Network& network, const std::vector<Location>& points) {
  struct Cut {
    double fraction;
    NodeId node;
  };
  std::map<std::pair<NodeId, NodeId>, std::vector<Cut>>
      cuts;  // by (lower end, higher end), fraction from the lower end
  const auto connect = [&](const Edge& edge) {
    edges_.push_back(edge);
    Edge back = edge;
    std::swap(back.from, back.to);
    std::swap(back.climb_m, back.descent_m);
    edges_.push_back(back);
  };
  for (const Location& location : points) {
    if (location.place) {
      points_.push_back(*location.place);
      continue;
    }
    const Network::RoadPoint road = network.nearest_road(location.position);
    if (!(road.distance_m <= kAccessLimitM)) {
      const Place& nearest = network.places()[network.nearest_place(location.position)];
      const std::string where = "the nearest place is " + nearest.name + "/" + nearest.state + " (place:" + nearest.id +
                                "), the nearest point is " + text_of(road.position) + ", " +
                                std::to_string(std::lround(road.distance_m / 1000)) + " km away";
      const std::string pointer = &location == &points.front() ? "from" : &location == &points.back() ? "to" : "via";
      return std::unexpected(Error{.code = Code::kLocationNotRoutable, .detail = where, .fields = {{pointer, where}}});
    }
    const Arc& arc = network.arcs()[road.arc];
    const bool forward = arc.from < arc.to;
    const auto on_road = static_cast<NodeId>(nodes_.size());
    nodes_.push_back({road.position, nodes_[arc.from].elevation_m +
                                         road.fraction * (nodes_[arc.to].elevation_m - nodes_[arc.from].elevation_m)});
    cuts[std::minmax(arc.from, arc.to)].push_back({forward ? road.fraction : 1 - road.fraction, on_road});
    const auto beside = static_cast<NodeId>(nodes_.size());
    nodes_.push_back({location.position, nodes_[on_road].elevation_m});
    connect({.from = on_road,
             .to = beside,
             .length_m = std::max(1.0, road.distance_m * kAccessWinding),
             .speed_mps = kAccessSpeedMps});
    points_.push_back(beside);
  }
  for (const Arc& arc : network.arcs()) {
    const Edge whole{arc.from, arc.to, arc.road, arc.length_m, arc.speed_mps, arc.climb_m, arc.descent_m};
    const auto cut = cuts.find(std::minmax(arc.from, arc.to));
    if (cut == cuts.end()) {
      edges_.push_back(whole);
      continue;
    }
    std::vector<Cut> order;
    for (const Cut& one : cut->second) order.push_back({arc.from < arc.to ? one.fraction : 1 - one.fraction, one.node});
    order.push_back({1, arc.to});
    std::ranges::sort(order, {}, &Cut::fraction);
    NodeId last = arc.from;
    double done = 0;
    for (const Cut& one : order) {
      const double share = one.fraction - done;
      edges_.push_back({last, one.node, arc.road, std::max(0.1, arc.length_m * share), arc.speed_mps,
                        arc.climb_m * share, arc.descent_m * share});
      last = one.node;
      done = one.fraction;
    }
  }
  return {};
}

void RoadGraph::weigh_edges(const Wind& wind) {
  for (const DrivePolicy& policy : policies_) {
    auto& costs = costs_.emplace_back();
    costs.reserve(edges_.size());
    for (const Edge& edge : edges_) {
      const double speed = std::min(edge.speed_mps, policy.cap_mps);
      const double headwind = headwind_mps(wind, nodes_[edge.from].position, nodes_[edge.to].position);
      const double elevation = (nodes_[edge.from].elevation_m + nodes_[edge.to].elevation_m) / 2;
      const double wh = model_->battery_wh({.length_m = edge.length_m,
                                            .speed_mps = speed,
                                            .climb_m = edge.climb_m,
                                            .descent_m = edge.descent_m,
                                            .elevation_m = elevation,
                                            .headwind_mps = headwind});
      const double seconds = edge.length_m / speed;
      // Long descents give energy back; the weight stays positive, as Dijkstra needs.
      costs.push_back({seconds, wh, std::max(0.05 * seconds, seconds + policy.energy_weight * wh)});
    }
  }
}

RoadGraph::Tree RoadGraph::grow(NodeId from, std::uint32_t policy, NodeId until, double limit_wh) const {
  Tree tree;
  tree.weight.assign(nodes_.size(), kInfinity);
  tree.seconds.assign(nodes_.size(), 0);
  tree.length_m.assign(nodes_.size(), 0);
  tree.profile.assign(nodes_.size(), {});
  tree.edge.assign(nodes_.size(), 0);
  using Item = std::pair<double, NodeId>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  tree.weight[from] = 0;
  tree.profile[from] = {.in = 0, .cost = 0, .out = model_->capacity_wh()};
  queue.push({0, from});
  while (!queue.empty()) {
    const auto [weight, node] = queue.top();
    queue.pop();
    if (weight > tree.weight[node]) continue;
    tree.settled.push_back(node);
    if (node == until) break;
    if (!tree.profile[node].passable() || tree.profile[node].in > limit_wh) continue;
    for (std::size_t e = first_edge_[node]; e < first_edge_[node + 1]; ++e) {
      const Cost& cost = costs_[policy][e];
      const NodeId next = edges_[e].to;
      if (weight + cost.weight >= tree.weight[next]) continue;
      tree.weight[next] = weight + cost.weight;
      tree.seconds[next] = tree.seconds[node] + cost.seconds;
      tree.length_m[next] = tree.length_m[node] + edges_[e].length_m;
      tree.profile[next] = tree.profile[node].then(model_->profile_of(cost.battery_wh));
      tree.edge[next] = static_cast<std::uint32_t>(e);
      queue.push({tree.weight[next], next});
    }
  }
  return tree;
}

std::vector<Leg> RoadGraph::legs_from(NodeId from, std::uint32_t policy, double limit_wh) const {
  const Tree tree = grow(from, policy, kNoNode, limit_wh);
  std::vector<Leg> legs;
  for (const NodeId node : tree.settled) {
    const ev::Profile& profile = tree.profile[node];
    if (node == from || !profile.passable() || profile.in > limit_wh) continue;
    legs.push_back({node, policy, tree.seconds[node], tree.length_m[node], profile});
  }
  return legs;
}

std::vector<Leg> RoadGraph::legs_to(NodeId to, std::uint32_t policy, double limit_wh) const {
  std::vector<double> weight(nodes_.size(), kInfinity);
  std::vector<Leg> reached(nodes_.size());
  std::vector<NodeId> settled;
  using Item = std::pair<double, NodeId>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  weight[to] = 0;
  reached[to].profile = {.in = 0, .cost = 0, .out = model_->capacity_wh()};
  queue.push({0, to});
  while (!queue.empty()) {
    const auto [value, node] = queue.top();
    queue.pop();
    if (value > weight[node]) continue;
    settled.push_back(node);
    if (!reached[node].profile.passable() || reached[node].profile.in > limit_wh) continue;
    for (const std::uint32_t e : into_[node]) {
      const Cost& cost = costs_[policy][e];
      const NodeId before = edges_[e].from;
      if (value + cost.weight >= weight[before]) continue;
      weight[before] = value + cost.weight;
      reached[before] = {before, policy, reached[node].seconds + cost.seconds,
                         reached[node].length_m + edges_[e].length_m,
                         model_->profile_of(cost.battery_wh).then(reached[node].profile)};
      queue.push({weight[before], before});
    }
  }
  std::vector<Leg> legs;
  for (const NodeId node : settled) {
    if (node != to && reached[node].profile.passable() && reached[node].profile.in <= limit_wh)
      legs.push_back(reached[node]);
  }
  return legs;
}

std::vector<GraphStep> RoadGraph::path(NodeId from, NodeId to, std::uint32_t policy) const {
  const Tree tree = grow(from, policy, to, kInfinity);
  std::vector<GraphStep> steps;
  if (tree.settled.empty() || tree.settled.back() != to) return steps;
  for (NodeId node = to; node != from; node = edges_[tree.edge[node]].from) {
    const Edge& edge = edges_[tree.edge[node]];
    const Cost& cost = costs_[policy][tree.edge[node]];
    steps.push_back({edge.from, edge.to, edge.road, edge.length_m, cost.seconds, cost.battery_wh});
  }
  std::ranges::reverse(steps);
  return steps;
}

std::vector<double> RoadGraph::lower_bounds_to(NodeId target, double time_weight, double energy_weight) const {
  // Label correcting over the reversed arcs: descents may have negative weights, cycles never do.
  std::vector<double> least(edges_.size(), kInfinity);
  for (std::size_t e = 0; e < edges_.size(); ++e) {
    for (const auto& costs : costs_)
      least[e] = std::min(least[e], time_weight * costs[e].seconds + energy_weight * costs[e].battery_wh);
  }
  std::vector<double> best(nodes_.size(), kInfinity);
  using Item = std::pair<double, NodeId>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  best[target] = 0;
  queue.push({0, target});
  while (!queue.empty()) {
    const auto [value, node] = queue.top();
    queue.pop();
    if (value > best[node]) continue;
    for (const std::uint32_t e : into_[node]) {
      const NodeId before = edges_[e].from;
      if (value + least[e] < best[before] - 1e-9) {
        best[before] = value + least[e];
        queue.push({best[before], before});
      }
    }
  }
  return best;
}

std::vector<GraphStep> RoadGraph::fastest_path(NodeId from, NodeId to) const {
  std::vector<double> best(nodes_.size(), kInfinity);
  std::vector<std::size_t> by(nodes_.size(), 0);
  using Item = std::pair<double, NodeId>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  best[from] = 0;
  queue.push({0, from});
  while (!queue.empty()) {
    const auto [value, node] = queue.top();
    queue.pop();
    if (value > best[node]) continue;
    for (std::size_t e = first_edge_[node]; e < first_edge_[node + 1]; ++e) {
      const double seconds = value + costs_[0][e].seconds;
      if (seconds >= best[edges_[e].to]) continue;
      best[edges_[e].to] = seconds;
      by[edges_[e].to] = e;
      queue.push({seconds, edges_[e].to});
    }
  }
  std::vector<GraphStep> steps;
  if (best[to] == kInfinity) return steps;
  for (NodeId node = to; node != from; node = edges_[by[node]].from) {
    const Edge& edge = edges_[by[node]];
    const Cost& cost = costs_[0][by[node]];
    steps.push_back({edge.from, edge.to, edge.road, edge.length_m, cost.seconds, cost.battery_wh});
  }
  std::ranges::reverse(steps);
  return steps;
}

}  // namespace evc::routing
