// ImportedNetwork::check: a leg driven again from the roads alone. Each stretch is looked up as a lane, its time and
// energy are summed from the lane's own classes by the physics, not by the rates that the search used; lanes follow
// each other as the turns allow.
#include <algorithm>
#include <cmath>

#include "services/routing/domain/imported/imported_roads.hpp"

namespace evc::routing::imported {
namespace {

constexpr double kWhTolerance = 1, kSecondsTolerance = 1, kMetresTolerance = 0.5;
constexpr double kAirElevationM = 500;

std::unexpected<Error> contradiction(const std::string& what) {
  return fail(Code::kInternal, "replay: " + what);
}

// Some arc of the one lane ends where an arc of the other begins.
bool follows(const roads::RoadNetwork& network, roads::LaneId lane, roads::LaneId next) {
  for (const roads::ArcId arc : network.arcs_of_lane(lane)) {
    const roads::Node node = network.arc_head[arc];
    for (roads::ArcId onward = network.first_arc[node]; onward < network.first_arc[node + 1]; ++onward) {
      if (network.arc_lane[onward] == next) return true;
    }
  }
  return false;
}

roads::LaneCost driven(const roads::RoadNetwork& network, const ev::EnergyModel& model, const Wind& wind,
                       const LanePart& part) {
  const double headwind = wind.speed_mps > 0 ? headwind_mps(wind, heading_of(network, part.lane)) : 0;
  roads::LaneCost cost;
  double moving = 0;
  for (const std::uint32_t packed : network.lane_bins(part.lane)) {
    const std::uint32_t bin = roads::bin_in(packed);
    if (bin == roads::kFerryBin) continue;
    const double metres = roads::metres_in(packed),
                 free_mps = roads::kmh_of_class(roads::speed_class_of_bin(bin)) / 3.6;
    const double mps = std::min(free_mps, part.cap_kmh / 3.6), rise = roads::slope_of_bin(bin) * metres;
    moving += metres / free_mps;
    cost.seconds += metres / mps - metres / free_mps;
    if (metres > 0) {
      cost.battery_wh += model.battery_wh({.length_m = metres,
                                           .speed_mps = mps,
                                           .climb_m = std::max(0.0, rise),
                                           .descent_m = std::max(0.0, -rise),
                                           .elevation_m = kAirElevationM,
                                           .headwind_mps = headwind});
    }
  }
  const double free_seconds = network.lanes[part.lane].milliseconds / 1'000.0;
  cost.seconds += free_seconds;
  cost.battery_wh += model.standing_wh(std::max(0.0, free_seconds - moving));
  const double share = part.to - part.from;
  return {.seconds = cost.seconds * share, .battery_wh = cost.battery_wh * share};
}

}  // namespace

Result<void> ImportedNetwork::check(const TripRequest& request, const TripLeg& leg) const {
  const roads::RoadNetwork& network = source_.network;
  const ev::EnergyModel model(request.vehicle, request.conditions);
  double seconds_off = 0, wh_off = 0;
  std::optional<LanePart> before;
  for (std::size_t i = 1; i < leg.path.size(); ++i) {
    const PathPoint &a = leg.path[i - 1], &b = leg.path[i];
    const double seconds = b.seconds - a.seconds, metres = b.distance_m - a.distance_m;
    if (!b.lane) {
      // Beside the road, at the pace of small streets.
      if (metres > 3 * ImportedRoads::kAccessLimitM) return contradiction("a long stretch that is on no road");
      if (seconds + kSecondsTolerance < metres / kAccessSpeedMps) return contradiction("too fast beside the road");
      before.reset();
      continue;
    }
    const LanePart& part = *b.lane;
    if (part.lane >= network.lane_count() || !network.open(part.lane)) return contradiction("no such road");
    if (!(part.from >= 0 && part.from <= part.to && part.to <= 1)) return contradiction("a part that is none");
    if (part.cap_kmh > request.max_speed_kmh + 0.1) return contradiction("faster than the driver wants");
    if (std::abs(network.lanes[part.lane].length_dm / 10.0 * (part.to - part.from) - metres) > kMetresTolerance)
      return contradiction("a road of another length");
    if (before && before->lane != part.lane && !follows(network, before->lane, part.lane))
      return contradiction("a turn that there is not");
    const roads::LaneCost cost = driven(network, model, request.wind, part);
    seconds_off += seconds - cost.seconds;
    // What a full battery does not take is lost.
    const double taken = b.power_kw * 1'000 * seconds / 3'600;
    if (b.soc < 1 - 1e-9) wh_off += taken - cost.battery_wh;
    before = part;
  }
  if (std::abs(seconds_off) > kSecondsTolerance) return contradiction("the roads take another time");
  if (std::abs(wh_off) > kWhTolerance) return contradiction("the roads take another energy");
  return {};
}

}  // namespace evc::routing::imported
