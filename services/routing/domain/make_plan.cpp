// From search steps to legs, stops and totals. Drives without a charge between them become one leg.
#include <algorithm>
#include <cmath>
#include <limits>

#include "services/routing/domain/overlay_planner.hpp"

namespace evc::routing {
namespace {

// Share of a leg's energy by which forecasts are off (one standard deviation), from the model's median error of 4.6 %.
constexpr double kEnergySpread = 0.068;

struct Progress {
  double distance_m = 0;
  double seconds = 0;
  double stored_wh = 0;
};

std::optional<NodeId> place_of(const PreparedTrip& trip, NodeId node) {
  if (node < trip.network().places().size()) return node;
  return std::nullopt;
}

void drive(const PreparedTrip& trip, const OverlayStep& step, TripLeg& leg, Progress& progress) {
  const RoadGraph& graph = trip.graph();
  const double capacity = trip.capacity_wh();
  if (leg.path.empty()) {
    const NodeId from = trip.node(step.from);
    leg.path.push_back({.position = graph.position(from),
                        .distance_m = progress.distance_m,
                        .elevation_m = graph.elevation_m(from),
                        .seconds = progress.seconds,
                        .soc = progress.stored_wh / capacity,
                        .place = place_of(trip, from)});
  }
  for (const RoadStep& road : trip.road(step.from, step.to, step.way)) {
    const double before = progress.stored_wh;
    progress.stored_wh = std::min(capacity, progress.stored_wh - road.battery_wh);
    progress.distance_m += road.length_m;
    progress.seconds += road.seconds;
    leg.distance_m += road.length_m;
    leg.seconds += road.seconds;
    const double speed_kmh = road.length_m / road.seconds * 3.6;
    leg.max_speed_kmh = std::max(leg.max_speed_kmh, speed_kmh);
    leg.path.push_back({.position = graph.position(road.to),
                        .distance_m = progress.distance_m,
                        .elevation_m = graph.elevation_m(road.to),
                        .seconds = progress.seconds,
                        .speed_kmh = speed_kmh,
                        .power_kw = (before - progress.stored_wh) * 3.6 / road.seconds,
                        .soc = progress.stored_wh / capacity,
                        .place = place_of(trip, road.to)});
    const auto& roads = trip.network().roads();
    // An access road has no name; index 0 may stand for it only beside the network.
    const bool named = road.from < trip.network().places().size() || road.to < trip.network().places().size();
    if (named && road.road < roads.size() && (leg.roads.empty() || leg.roads.back() != roads[road.road]))
      leg.roads.push_back(roads[road.road]);
  }
}

// The nearest other usable site that what is left in the battery reaches.
std::optional<std::size_t> plan_b(const PreparedTrip& trip, NodeId node, std::size_t site, double arrived_wh) {
  const Network& network = trip.network();
  for (std::size_t s = 0; s < network.sites().size(); ++s) {
    if (s != site && network.sites()[s].node == node && trip.options().any(node)) {
      const auto& connectors = network.sites()[s].connectors;
      if (std::ranges::any_of(connectors, [&](const SiteConnector& c) {
            return c.current == "DC" && trip.request().vehicle.takes(c.type);
          }))
        return s;
    }
  }
  std::optional<std::size_t> best;
  double nearest = std::numeric_limits<double>::infinity();
  for (const Leg& leg : trip.graph().legs_from(node, 0, arrived_wh)) {
    if (leg.profile.in > arrived_wh || arrived_wh - leg.profile.cost < 0 || leg.length_m >= nearest) continue;
    for (const ChargingOption& option : trip.options().at(leg.to)) {
      best = option.site;
      nearest = leg.length_m;
    }
  }
  return best;
}

// What is charged before a step: the option that the search used there.
TripStop stop_of(const PreparedTrip& trip, const OverlayStep& step) {
  const TripRequest& request = trip.request();
  const double capacity = trip.capacity_wh();
  const NodeId node = trip.node(step.from);
  const ChargingOption& option = trip.options().at(node)[*step.option];
  TripStop stop{.site = option.site,
                .connector = option.connector,
                .arrive_soc = step.arrived_wh / capacity,
                .depart_soc = step.departed_wh / capacity,
                .overhead_seconds = request.overhead_seconds,
                .parked = step.from >= trip.trees().size()};
  stop.charge_seconds = option.curve->seconds(stop.arrive_soc, stop.depart_soc);
  stop.plug_wh = std::llround(option.curve->plug_wh(stop.arrive_soc, stop.depart_soc));
  stop.peak_kw = option.curve->peak_kw(stop.arrive_soc, stop.depart_soc);
  const auto cost = tariff::cost(trip.network().sites()[option.site].tariff, stop.plug_wh, 0);
  if (cost) stop.price = cost->total();
  stop.plan_b = plan_b(trip, node, option.site, step.arrived_wh);
  return stop;
}

void add_up(const PreparedTrip& trip, TripPlan& plan) {
  TripTotals& totals = plan.totals;
  for (const TripLeg& leg : plan.legs) {
    totals.distance_m += leg.distance_m;
    totals.drive_seconds += leg.seconds;
    totals.energy_wh += leg.energy_wh;
  }
  for (const auto& stop : plan.stop_after) {
    if (!stop) continue;
    ++totals.stops;
    totals.charge_seconds += stop->parked ? stop->beyond_stay_seconds : stop->charge_seconds;
    totals.overhead_seconds += stop->parked ? 0 : stop->overhead_seconds;
    totals.plug_wh += stop->plug_wh;
    totals.price.amount += stop->price.amount;
  }
  for (const double seconds : plan.dwell_after) totals.dwell_seconds += seconds;
  totals.seconds = totals.drive_seconds + totals.charge_seconds + totals.overhead_seconds + totals.dwell_seconds;
  totals.arrive_soc = plan.legs.back().arrive_soc;
  // Every stop shows the true charge, so only the last leg's forecast counts.
  const TripLeg& last = plan.legs.back();
  const double margin_wh = (last.arrive_soc - trip.request().min_arrival_soc) * trip.capacity_wh();
  const double spread_wh = std::max(1.0, kEnergySpread * std::abs(last.energy_wh));
  plan.arrival_confidence = 0.5 * std::erfc(-margin_wh / spread_wh / std::sqrt(2.0));
}

// A leg begins where one leaves the start, a via or a stop.
TripLeg& begin_leg(const PreparedTrip& trip, TripPlan& plan, NodeId from, double depart_soc) {
  plan.legs.push_back(
      {.from = trip.end_point(from), .to = trip.end_point(from), .depart_soc = depart_soc, .arrive_soc = depart_soc});
  plan.stop_after.emplace_back();
  plan.dwell_after.push_back(0);
  return plan.legs.back();
}

// What happens between two drives: a stay, a charge, both at once. Returns whether a new leg begins.
bool pause(const PreparedTrip& trip, const OverlayStep& step, TripPlan& plan, Progress& progress) {
  const bool via = step.from > trip.trees().size();
  if (step.option) {
    // Charging at the very start: a leg of no length comes first, so that stops always follow legs.
    if (plan.legs.empty()) begin_leg(trip, plan, trip.node(step.from), trip.request().soc);
    plan.stop_after.back() = stop_of(trip, step);
  }
  if (via) {
    const double dwell = trip.request().via[step.stage - 1].dwell_seconds;
    plan.dwell_after.back() = dwell;
    progress.seconds += dwell;
    if (step.option) {
      TripStop& stop = *plan.stop_after.back();
      stop.beyond_stay_seconds = std::max(0.0, stop.overhead_seconds + stop.charge_seconds - dwell);
      progress.seconds += stop.beyond_stay_seconds;
    }
  } else if (step.option) {
    progress.seconds += plan.stop_after.back()->charge_seconds + plan.stop_after.back()->overhead_seconds;
  }
  progress.stored_wh = step.departed_wh;
  return via || step.option;
}

void name_sites(const PreparedTrip& trip, TripPlan& plan) {
  for (std::size_t i = 0; i < plan.stop_after.size(); ++i) {
    if (!plan.stop_after[i]) continue;
    const std::string& id = trip.network().sites()[plan.stop_after[i]->site].id;
    plan.legs[i].to.site_id = id;
    if (i + 1 < plan.legs.size()) plan.legs[i + 1].from.site_id = id;
  }
}

}  // namespace

TripPlan make_plan(const PreparedTrip& trip, const OverlayOutcome& outcome) {
  const double capacity = trip.capacity_wh();
  TripPlan plan;
  Progress progress{.stored_wh = trip.request().soc * capacity};
  for (const OverlayStep& step : outcome.steps) {
    const NodeId from = trip.node(step.from), to = trip.node(step.to);
    const bool begins = pause(trip, step, plan, progress);
    const bool to_via_or_end = step.to > trip.trees().size();
    // Standing at a stop's door already is no leg of its own, unless a leg must lie between two pauses.
    if (from == to && !begins && !to_via_or_end && plan.legs.empty()) continue;
    if (begins || plan.legs.empty()) begin_leg(trip, plan, from, step.departed_wh / capacity);
    TripLeg& leg = plan.legs.back();
    const double before = progress.stored_wh;
    drive(trip, step, leg, progress);
    leg.energy_wh += before - progress.stored_wh;
    leg.to = trip.end_point(to);
    leg.arrive_soc = progress.stored_wh / capacity;
  }
  name_sites(trip, plan);
  add_up(trip, plan);
  return plan;
}

}  // namespace evc::routing
