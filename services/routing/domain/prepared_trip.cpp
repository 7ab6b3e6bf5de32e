#include "services/routing/domain/prepared_trip.hpp"

#include <algorithm>

namespace evc::routing {
namespace {

std::vector<DrivePolicy> policies(const TripRequest& request) {
  std::vector<DrivePolicy> list;
  for (const std::uint32_t manner : manners_below(request.max_speed_kmh)) {
    const DrivingManner& one = driving_manners()[manner];
    list.push_back({std::min(one.cap_kmh, request.max_speed_kmh) / 3.6, one.seconds_per_wh});
  }
  return list;
}

ChargeFunction over_wh(const ev::ChargingCurve& curve, double capacity_wh) {
  std::vector<ChargeFunction::Point> points;
  for (const auto& point : curve.breakpoints()) points.push_back({point.soc * capacity_wh, point.seconds});
  // A checked vehicle's curve rises from 0 to 1.
  return ChargeFunction::make(std::move(points)).value();
}

Drive standing(double capacity_wh) {
  return {.seconds = 0, .profile = {.in = 0, .cost = 0, .out = capacity_wh}};
}

}  // namespace

Result<std::unique_ptr<PreparedTrip>> PreparedTrip::make(const Network& network, const SiteTrees& trees,
                                                         const TripRequest& request) {
  EVC_CHECK(request.vehicle.check());
  auto trip = std::make_unique<PreparedTrip>();
  trip->network_ = &network;
  trip->trees_ = &trees;
  trip->request_ = request;
  trip->model_ = std::make_shared<const ev::EnergyModel>(request.vehicle, request.conditions);
  std::vector<Location> points{request.from};
  for (const Via& via : request.via) points.push_back(via.location);
  points.push_back(request.to);
  EVC_TRY(graph, RoadGraph::make(network, *trip->model_, points, policies(request), request.wind));
  trip->graph_ = std::make_shared<const RoadGraph>(std::move(graph));
  trip->options_ = std::make_shared<const ChargingOptions>(network, request, trip->graph_->size());
  trip->overlay_ = std::make_shared<const Overlay>(trees.overlay(*trip->model_, request.wind, request.max_speed_kmh));
  trip->connect_terminals();
  trip->add_stops();
  return trip;
}

Result<std::unique_ptr<PreparedTrip>> PreparedTrip::with(const TripRequest& request) const {
  const auto same_place = [](const Location& a, const Location& b) {
    return a.place == b.place && a.position == b.position;
  };
  const ev::Vehicle &now = request.vehicle, &then = request_.vehicle;
  const bool same_points = same_place(request.from, request_.from) && same_place(request.to, request_.to) &&
                           std::ranges::equal(request.via, request_.via, [&](const Via& a, const Via& b) {
                             return same_place(a.location, b.location);
                           });
  const bool same_drive = now.id == then.id && now.usable_kwh == then.usable_kwh && now.mass_kg == then.mass_kg &&
                          request.max_speed_kmh == request_.max_speed_kmh &&
                          request.conditions == request_.conditions && request.wind == request_.wind;
  if (!same_points || !same_drive) return make(*network_, *trees_, request);
  auto trip = std::make_unique<PreparedTrip>(*this);
  trip->request_ = request;
  trip->options_ = std::make_shared<const ChargingOptions>(*network_, request, graph_->size());
  trip->add_stops();
  return trip;
}

NodeId PreparedTrip::node(std::uint32_t vertex) const {
  return vertex < trees_->size() ? trees_->node(vertex) : graph_->point(vertex - trees_->size());
}

std::optional<std::uint32_t> PreparedTrip::site_vertex(NodeId node) const {
  const auto& nodes = trees_->nodes();
  const auto found = std::ranges::lower_bound(nodes, node);
  if (found == nodes.end() || *found != node) return std::nullopt;
  return static_cast<std::uint32_t>(found - nodes.begin());
}

// Legs between the trip's own points, and between them and the sites.
void PreparedTrip::connect_terminals() {
  const double capacity = model_->capacity_wh();
  const auto built = std::make_shared<TripGraph>(*overlay_, stages());
  const auto policy_count = static_cast<std::uint32_t>(graph_->policies().size());
  const auto drive = [](const Leg& leg) { return Drive{leg.seconds, leg.profile, leg.policy}; };
  for (std::size_t stage = 0; stage < stages(); ++stage) {
    const NodeId from = graph_->point(stage), target = graph_->point(stage + 1);
    std::vector<std::vector<Drive>> leaving(trees_->size()), arriving(trees_->size());
    std::vector<Drive> straight;
    for (std::uint32_t policy = 0; policy < policy_count; ++policy) {
      for (const Leg& leg : graph_->legs_from(from, policy, capacity)) {
        if (leg.to == target) straight.push_back(drive(leg));
        if (const auto site = site_vertex(leg.to)) leaving[*site].push_back(drive(leg));
      }
      for (const Leg& leg : graph_->legs_to(target, policy, capacity)) {
        if (const auto site = site_vertex(leg.to)) arriving[*site].push_back(drive(leg));
      }
    }
    if (from == target) straight.push_back(standing(capacity));
    if (const auto site = site_vertex(from)) leaving[*site].push_back(standing(capacity));
    if (const auto site = site_vertex(target)) arriving[*site].push_back(standing(capacity));
    for (std::uint32_t site = 0; site < trees_->size(); ++site) {
      built->leave(stage, site, std::move(leaving[site]));
      built->arrive(stage, site, std::move(arriving[site]));
    }
    built->go_straight(stage, std::move(straight));
  }
  trip_graph_ = built;
}

void PreparedTrip::add_stops() {
  const Objective& objective = request_.objective;
  const double capacity = model_->capacity_wh();
  const auto price = [&](const ChargingOption& option) {
    return objective.money_weight * option.minor_per_wh * option.curve->plug_wh(0, 1) / capacity;
  };
  problem_ = {.graph = trip_graph_.get(),
              .capacity_wh = capacity,
              .start_wh = request_.soc * capacity,
              .reserve_wh = request_.min_stop_soc * capacity,
              .most_wh = request_.max_charge_soc * capacity,
              .arrival_wh = request_.min_arrival_soc * capacity,
              .time_weight = objective.time_weight,
              .label_limit = request_.label_limit,
              .give_up = request_.give_up};
  problem_.options.resize(trees_->size());
  for (std::uint32_t vertex = 0; vertex < trees_->size(); ++vertex) {
    std::uint32_t id = 0;
    for (const ChargingOption& option : options_->at(trees_->node(vertex))) {
      problem_.options[vertex].push_back(
          {.cost = over_wh(*option.curve, capacity).with_price(objective.time_weight, price(option)),
           .fixed = objective.time_weight * (request_.overhead_seconds + request_.stop_penalty_seconds) +
                    objective.money_weight * option.start_minor,
           .id = id++});
    }
  }
  for (std::size_t via = 0; via < request_.via.size(); ++via) {
    Stay stay{.seconds = request_.via[via].dwell_seconds};
    std::uint32_t id = 0;
    // A stay of no length is no time to plug in.
    if (stay.seconds > 0) {
      for (const ChargingOption& option : options_->at(graph_->point(via + 1))) {
        if (id == Stay::kMostOptions) break;
        stay.options.push_back({.seconds = over_wh(*option.curve, capacity),
                                .price_per_wh = price(option),
                                .fixed_price = objective.money_weight * option.start_minor,
                                .ready_after = request_.overhead_seconds,
                                .id = id++});
      }
    }
    problem_.stays.push_back(std::move(stay));
  }
}

std::vector<RoadStep> PreparedTrip::road(std::uint32_t from, std::uint32_t to, std::uint32_t way) const {
  if (node(from) == node(to)) return {};
  if (from >= trees_->size() || to >= trees_->size()) return graph_->path(node(from), node(to), way);
  const double cap = std::min(driving_manners()[way].cap_kmh, request_.max_speed_kmh) / 3.6;
  std::vector<RoadStep> steps;
  for (const std::uint32_t index : trees_->arcs(from, to, way)) {
    const Arc& arc = network_->arcs()[index];
    const ArcCost cost = arc_cost(*network_, arc, *model_, request_.wind, cap);
    steps.push_back({arc.from, arc.to, arc.road, arc.length_m, cost.seconds, cost.battery_wh});
  }
  return steps;
}

EndPoint PreparedTrip::end_point(NodeId node) const {
  EndPoint point{.position = graph_->position(node)};
  if (node < network_->places().size()) {
    const Place& place = network_->places()[node];
    point.name = place.name + ", " + place.state;
    point.place_id = place.id;
  }
  return point;
}

}  // namespace evc::routing
