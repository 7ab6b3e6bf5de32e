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

void drive(const PreparedTrip& trip, const OverlayStep& step, TripLeg& leg, Progress& progress) {
  const double capacity = trip.capacity_wh();
  for (const RoadStep& road : trip.roads().road(step.from, step.to, step.way)) {
    // One point alone is a stop's door at which the car stood.
    if (leg.path.size() <= 1) {
      leg.path.clear();
      leg.path.push_back({.position = road.from,
                          .distance_m = progress.distance_m,
                          .elevation_m = road.from_elevation_m,
                          .seconds = progress.seconds,
                          .soc = progress.stored_wh / capacity,
                          .place = road.from_place});
      leg.line = {road.from};
    }
    leg.line.insert(leg.line.end(), road.bends.begin(), road.bends.end());
    leg.line.push_back(road.to);
    const double before = progress.stored_wh;
    progress.stored_wh = std::min(capacity, progress.stored_wh - road.battery_wh);
    progress.distance_m += road.length_m;
    progress.seconds += road.seconds;
    leg.distance_m += road.length_m;
    leg.seconds += road.seconds;
    const double speed_kmh = road.length_m / road.seconds * 3.6;
    leg.max_speed_kmh = std::max(leg.max_speed_kmh, speed_kmh);
    leg.path.push_back({.position = road.to,
                        .distance_m = progress.distance_m,
                        .elevation_m = road.to_elevation_m,
                        .seconds = progress.seconds,
                        .speed_kmh = speed_kmh,
                        .power_kw = (before - progress.stored_wh) * 3.6 / road.seconds,
                        .soc = progress.stored_wh / capacity,
                        .place = road.to_place,
                        .lane = road.lane});
    if (!road.road.empty() && (leg.roads.empty() || leg.roads.back() != road.road)) leg.roads.emplace_back(road.road);
  }
  if (!leg.path.empty()) return;
  // One stands there already: a leg of no length still begins somewhere.
  const EndPoint here = trip.roads().end_point(step.from);
  leg.path.push_back({.position = here.position,
                      .distance_m = progress.distance_m,
                      .elevation_m = here.elevation_m,
                      .seconds = progress.seconds,
                      .soc = progress.stored_wh / capacity});
}

// The nearest other usable site that what is left in the battery reaches.
std::optional<std::size_t> plan_b(const PreparedTrip& trip, Vertex stand, std::size_t site, double arrived_wh) {
  const TripNetwork& network = trip.network();
  for (std::size_t s = 0; s < network.sites().size(); ++s) {
    if (s != site && network.stand_of(s) == stand && trip.options().any(stand)) {
      const auto& connectors = network.sites()[s].connectors;
      if (std::ranges::any_of(connectors, [&](const SiteConnector& c) {
            return c.current == "DC" && trip.request().vehicle.takes(c.type);
          }))
        return s;
    }
  }
  std::optional<std::size_t> best;
  double nearest = std::numeric_limits<double>::infinity();
  for (const Link& link : trip.overlay().leaving(stand)) {
    if (!trip.options().any(link.to)) continue;
    for (const Drive& drive : trip.overlay().drives(link)) {
      if (drive.profile.in > arrived_wh || arrived_wh - drive.profile.cost < 0 || drive.seconds >= nearest) continue;
      best = trip.options().at(link.to).front().site;
      nearest = drive.seconds;
    }
  }
  return best;
}

// What is charged before a step: the option that the search used there.
TripStop stop_of(const PreparedTrip& trip, const OverlayStep& step) {
  const TripRequest& request = trip.request();
  const double capacity = trip.capacity_wh();
  const Vertex stand = *trip.stand_at(step.from);
  const ChargingOption& option = trip.options().at(stand)[*step.option];
  TripStop stop{.site = option.site,
                .connector = option.connector,
                .arrive_soc = step.arrived_wh / capacity,
                .depart_soc = step.departed_wh / capacity,
                .overhead_seconds = request.overhead_seconds,
                .parked = step.from >= trip.stands()};
  stop.charge_seconds = option.curve->seconds(stop.arrive_soc, stop.depart_soc);
  stop.plug_wh = std::llround(option.curve->plug_wh(stop.arrive_soc, stop.depart_soc));
  stop.peak_kw = option.curve->peak_kw(stop.arrive_soc, stop.depart_soc);
  const Site& site = trip.network().sites()[option.site];
  const auto cost = tariff::cost(site.tariff, stop.plug_wh, 0);
  if (cost && site.price_known) stop.price = cost->total();
  stop.plan_b = plan_b(trip, stand, option.site, step.arrived_wh);
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
    if (stop->price) {
      totals.price.amount += stop->price->amount;
    } else {
      ++totals.unpriced_stops;
    }
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
TripLeg& begin_leg(const PreparedTrip& trip, TripPlan& plan, Vertex from, double depart_soc) {
  plan.legs.push_back({.from = trip.roads().end_point(from),
                       .to = trip.roads().end_point(from),
                       .depart_soc = depart_soc,
                       .arrive_soc = depart_soc});
  plan.stop_after.emplace_back();
  plan.dwell_after.push_back(0);
  return plan.legs.back();
}

// What happens between two drives: a stay, a charge, both at once. Returns whether a new leg begins.
bool pause(const PreparedTrip& trip, const OverlayStep& step, TripPlan& plan, Progress& progress) {
  const bool via = step.from > trip.stands();
  if (step.option) {
    // Charging at the very start: a leg of no length comes first, so that stops always follow legs.
    if (plan.legs.empty()) begin_leg(trip, plan, step.from, trip.request().soc);
    plan.stop_after.back() = stop_of(trip, step);
    plan.stop_after.back()->arrive_seconds = progress.seconds;
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
  if (step.option) plan.stop_after.back()->leave_seconds = progress.seconds;
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
    const bool begins = pause(trip, step, plan, progress);
    const bool to_via_or_end = step.to > trip.stands();
    // Standing at a stop's door already is no leg of its own, unless a leg must lie between two pauses.
    if (trip.same_spot(step.from, step.to) && !begins && !to_via_or_end && plan.legs.empty()) continue;
    if (begins || plan.legs.empty()) begin_leg(trip, plan, step.from, step.departed_wh / capacity);
    TripLeg& leg = plan.legs.back();
    const double before = progress.stored_wh;
    drive(trip, step, leg, progress);
    leg.energy_wh += before - progress.stored_wh;
    leg.to = trip.roads().end_point(step.to);
    leg.arrive_soc = progress.stored_wh / capacity;
  }
  name_sites(trip, plan);
  add_up(trip, plan);
  return plan;
}

}  // namespace evc::routing
