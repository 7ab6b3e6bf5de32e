#include "services/routing/domain/shipped_roads.hpp"

#include <algorithm>

namespace evc::routing {
namespace {

std::vector<DrivePolicy> policies(double max_speed_kmh) {
  std::vector<DrivePolicy> list;
  for (const std::uint32_t manner : manners_below(max_speed_kmh)) {
    const DrivingManner& one = driving_manners()[manner];
    list.push_back({std::min(one.cap_kmh, max_speed_kmh) / 3.6, one.seconds_per_wh});
  }
  return list;
}

}  // namespace

Result<std::unique_ptr<TripRoads>> ShippedRoads::make(const ShippedNetwork& network, const TripRequest& request,
                                                      const ev::EnergyModel& model) {
  std::vector<Location> points{request.from};
  for (const Via& via : request.via) points.push_back(via.location);
  points.push_back(request.to);
  EVC_TRY(graph, RoadGraph::make(network.network(), model, points, policies(request.max_speed_kmh), request.wind));
  return std::unique_ptr<TripRoads>(new ShippedRoads(network, std::move(graph), request, model));
}

ShippedRoads::ShippedRoads(const ShippedNetwork& network, RoadGraph graph, const TripRequest& request,
                           const ev::EnergyModel& model)
    : network_(network),
      model_(model),
      graph_(std::move(graph)),
      wind_(request.wind),
      max_speed_kmh_(request.max_speed_kmh),
      points_(request.via.size() + 2),
      overlay_(std::make_shared<const Overlay>(network.trees().overlay(model, request.wind, request.max_speed_kmh))) {}

NodeId ShippedRoads::node(Vertex vertex) const {
  const SiteTrees& trees = network_.trees();
  return vertex < trees.size() ? trees.node(vertex) : graph_.point(vertex - trees.size());
}

std::optional<Vertex> ShippedRoads::stand_at(std::size_t point) const {
  return network_.trees().vertex(graph_.point(point));
}

StageDrives ShippedRoads::stage(std::size_t stage) const {
  const SiteTrees& trees = network_.trees();
  const double capacity = model_.capacity_wh();
  const NodeId from = graph_.point(stage), target = graph_.point(stage + 1);
  StageDrives drives{.leaving = std::vector<std::vector<Drive>>(trees.size()),
                     .arriving = std::vector<std::vector<Drive>>(trees.size()),
                     .straight = {}};
  const auto drive = [](const Leg& leg) { return Drive{leg.seconds, leg.profile, leg.policy}; };
  for (std::uint32_t policy = 0; policy < graph_.policies().size(); ++policy) {
    for (const Leg& leg : graph_.legs_from(from, policy, capacity)) {
      if (leg.to == target) drives.straight.push_back(drive(leg));
      if (const auto site = trees.vertex(leg.to)) drives.leaving[*site].push_back(drive(leg));
    }
    for (const Leg& leg : graph_.legs_to(target, policy, capacity)) {
      if (const auto site = trees.vertex(leg.to)) drives.arriving[*site].push_back(drive(leg));
    }
  }
  const Drive standing{.seconds = 0, .profile = {.in = 0, .cost = 0, .out = capacity}};
  if (from == target) drives.straight.push_back(standing);
  if (const auto site = trees.vertex(from)) drives.leaving[*site].push_back(standing);
  if (const auto site = trees.vertex(target)) drives.arriving[*site].push_back(standing);
  return drives;
}

std::vector<RoadStep> ShippedRoads::steps(const std::vector<GraphStep>& graph_steps) const {
  const Network& network = network_.network();
  const auto place = [&](NodeId node) { return node < network.places().size() ? std::optional(node) : std::nullopt; };
  std::vector<RoadStep> steps;
  for (const GraphStep& step : graph_steps) {
    const auto from = place(step.from), to = place(step.to);
    // An access road has no name; index 0 may stand for it only beside the network.
    const bool named = (from || to) && step.road < network.roads().size();
    steps.push_back({.from = graph_.position(step.from),
                     .to = graph_.position(step.to),
                     .from_elevation_m = graph_.elevation_m(step.from),
                     .to_elevation_m = graph_.elevation_m(step.to),
                     .length_m = step.length_m,
                     .seconds = step.seconds,
                     .battery_wh = step.battery_wh,
                     .road = named ? std::string_view(network.roads()[step.road]) : std::string_view(),
                     .from_place = from,
                     .to_place = to,
                     .stand = network_.trees().vertex(step.to),
                     .lane = std::nullopt,
                     .bends = {}});
  }
  return steps;
}

std::vector<RoadStep> ShippedRoads::road(Vertex from, Vertex to, std::uint32_t way) const {
  if (node(from) == node(to)) return {};
  const SiteTrees& trees = network_.trees();
  if (from >= trees.size() || to >= trees.size()) return steps(graph_.path(node(from), node(to), way));
  const double cap = std::min(driving_manners()[way].cap_kmh, max_speed_kmh_) / 3.6;
  std::vector<GraphStep> driven;
  for (const std::uint32_t index : trees.arcs(from, to, way)) {
    const Arc& arc = network_.network().arcs()[index];
    const ArcCost cost = arc_cost(network_.network(), arc, model_, wind_, cap);
    driven.push_back({arc.from, arc.to, arc.road, arc.length_m, cost.seconds, cost.battery_wh});
  }
  return steps(driven);
}

std::vector<RoadStep> ShippedRoads::fastest(Vertex from, Vertex to) const {
  return steps(graph_.fastest_path(node(from), node(to)));
}

std::vector<double> ShippedRoads::seconds_to(Vertex point) const {
  const std::vector<double> by_node = graph_.lower_bounds_to(node(point), 1, 0);
  std::vector<double> seconds;
  for (Vertex vertex = 0; vertex < network_.trees().size() + points_; ++vertex)
    seconds.push_back(by_node[node(vertex)]);
  return seconds;
}

EndPoint ShippedRoads::end_point(Vertex vertex) const {
  const NodeId here = node(vertex);
  const bool place = here < network_.network().places().size();
  EndPoint point = network_.named(graph_.position(here), place ? std::optional(here) : std::nullopt);
  point.elevation_m = graph_.elevation_m(here);
  return point;
}

}  // namespace evc::routing
