#include "services/routing/domain/replay.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "kit/ev/charging_curve.hpp"

namespace evc::routing {
namespace {

constexpr double kWhTolerance = 1;
constexpr double kSecondsTolerance = 1;

std::unexpected<Error> contradiction(const std::string& what) {
  return fail(Code::kInternal, "replay: " + what);
}

// Sums power over the path's stretches; the path must hang together in distance and time.
Result<double> drive(const TripLeg& leg, double capacity_wh, double stored_wh) {
  for (std::size_t i = 1; i < leg.path.size(); ++i) {
    const PathPoint &a = leg.path[i - 1], &b = leg.path[i];
    const double seconds = b.seconds - a.seconds, metres = b.distance_m - a.distance_m;
    if (seconds <= 0 || metres <= 0) return contradiction("a stretch without length or time");
    if (metres + 100 < great_circle_m(a.position, b.position) * 0.99)
      return contradiction("a stretch shorter than the straight line");
    if (std::abs(metres / seconds * 3.6 - b.speed_kmh) > 0.1) return contradiction("speed, distance and time disagree");
    stored_wh = std::min(capacity_wh, stored_wh - b.power_kw * 1000 * seconds / 3600);
    if (stored_wh < -kWhTolerance) return contradiction("the battery is empty on the road");
    if (std::abs(stored_wh - b.soc * capacity_wh) > kWhTolerance) return contradiction("the series' energy disagrees");
  }
  return stored_wh;
}

Result<void> charge(const TripNetwork& network, const TripRequest& request, const TripStop& stop) {
  if (stop.site >= network.sites().size()) return contradiction("no such site");
  const Site& site = network.sites()[stop.site];
  const SiteConnector& connector = site.connectors.at(stop.connector);
  const auto listed = [](const std::vector<std::string>& list, const std::string& value) {
    return std::ranges::find(list, value) != list.end();
  };
  const SiteFilter& filter = request.filter;
  const bool allowed = request.vehicle.takes(connector.type) &&
                       (filter.connectors.empty() || listed(filter.connectors, connector.type)) &&
                       (filter.networks.empty() || listed(filter.networks, site.network)) &&
                       !listed(filter.avoid_networks, site.network) && !listed(filter.exclude, site.id) &&
                       connector.power_kw >= filter.min_power_kw;
  if (!allowed) return contradiction("a filter is violated at " + site.id);
  if (stop.depart_soc > request.max_charge_soc + 1e-6) return contradiction("charged beyond the limit");
  const ev::ChargingCurve curve(request.vehicle, connector.power_kw,
                                connector.current == "DC" ? ev::Current::kDc : ev::Current::kAc,
                                request.conditions.temperature_c);
  const double reached = curve.soc_after(stop.arrive_soc, stop.charge_seconds);
  if (std::abs(reached - stop.depart_soc) * request.vehicle.usable_wh() > kWhTolerance)
    return contradiction("charging time and energy disagree at " + site.id);
  return {};
}

}  // namespace

Result<void> replay(const TripNetwork& network, const TripRequest& request, const TripPlan& plan) {
  const double capacity_wh = request.vehicle.usable_wh();
  double stored_wh = request.soc * capacity_wh, seconds = 0;
  if (plan.legs.empty() || plan.stop_after.size() != plan.legs.size() || plan.dwell_after.size() != plan.legs.size())
    return contradiction("shape");
  for (std::size_t i = 0; i < plan.legs.size(); ++i) {
    const TripLeg& leg = plan.legs[i];
    if (std::abs(leg.depart_soc * capacity_wh - stored_wh) > kWhTolerance)
      return contradiction("a leg does not begin where the last ended");
    EVC_TRY(arrived_wh, drive(leg, capacity_wh, stored_wh));
    EVC_CHECK(network.check(request, leg));
    stored_wh = arrived_wh;
    seconds += leg.seconds + plan.dwell_after[i];
    const bool last = i + 1 == plan.legs.size();
    const double least = last ? request.min_arrival_soc : request.min_stop_soc;
    if ((last || leg.distance_m > 0) && stored_wh < least * capacity_wh - kWhTolerance)
      return contradiction("arrives below the reserve");
    if (!plan.stop_after[i]) continue;
    const TripStop& stop = *plan.stop_after[i];
    if (std::abs(stop.arrive_soc * capacity_wh - stored_wh) > kWhTolerance)
      return contradiction("arrival at a stop disagrees");
    EVC_CHECK(charge(network, request, stop));
    const double arrived = seconds - plan.dwell_after[i];
    if (std::abs(stop.arrive_seconds - arrived) > kSecondsTolerance) return contradiction("a stop at another time");
    if (open_at(request, network.sites()[stop.site], stop) == false) return contradiction("a stop at a closed station");
    stored_wh = stop.depart_soc * capacity_wh;
    const double charging = stop.charge_seconds + stop.overhead_seconds;
    seconds += stop.parked ? stop.beyond_stay_seconds : charging;
    if (stop.parked && charging > plan.dwell_after[i] + stop.beyond_stay_seconds + kSecondsTolerance)
      return contradiction("charged longer than it stood");
  }
  if (std::abs(seconds - plan.totals.seconds) > kSecondsTolerance) return contradiction("the total time disagrees");
  return {};
}

}  // namespace evc::routing
