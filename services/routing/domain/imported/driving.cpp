#include "services/routing/domain/imported/driving.hpp"

#include <algorithm>

namespace evc::routing::imported {
namespace {

// What is shorter is no step: where a way begins at the end of a road.
constexpr double kLeastStepM = 0.05;
constexpr double kAirElevationM = 500;

double elevation_at(const roads::RoadNetwork& network, const roads::RouteStep& step, double share) {
  const auto shape = network.shape(roads::segment_of(step.lane));
  const double along = roads::is_against(step.lane) ? 1 - share : share;
  const double begin = shape.front().elevation / 4.0, end = shape.back().elevation / 4.0;
  return begin + along * (end - begin);
}

}  // namespace

double access_m(const Spot& spot) {
  return std::max(spot.off_road_m, kLeastAccessM) * kAccessWinding;
}

roads::LaneCost Driving::access_cost(double metres) const {
  return {.seconds = metres / kAccessSpeedMps,
          .battery_wh =
              model_.battery_wh({.length_m = metres, .speed_mps = kAccessSpeedMps, .elevation_m = kAirElevationM})};
}

// visit(metres, cost, step of the route or nothing for an access way).
template <class Visit>
void Driving::each_piece(const Way& way, Visit&& visit) const {
  const double before = access_m(way.from), after = access_m(way.to);
  visit(before, access_cost(before), nullptr);
  for (const roads::RouteStep& step : way.route.steps) {
    const double share = step.to - step.from, metres = network_.lanes[step.lane].length_dm / 10.0 * share;
    roads::LaneCost cost = rates_.cost(network_, step.lane);
    cost = {.seconds = cost.seconds * share, .battery_wh = cost.battery_wh * share};
    if (metres >= kLeastStepM && cost.seconds > 0) visit(metres, cost, &step);
  }
  visit(after, access_cost(after), nullptr);
}

std::vector<RoadStep> Driving::steps(const Way& way) const {
  std::vector<RoadStep> steps;
  each_piece(way, [&](double metres, const roads::LaneCost& cost, const roads::RouteStep* part) {
    RoadStep step{.length_m = metres, .seconds = cost.seconds, .battery_wh = cost.battery_wh};
    if (part == nullptr) {
      const bool first = steps.empty();
      step.from = first ? way.from.position : way.to.place.position;
      step.to = first ? way.from.place.position : way.to.position;
      if (!first) step.from_elevation_m = step.to_elevation_m = steps.back().to_elevation_m;
    } else {
      std::vector<Position> line = roads::geometry(network_, {.steps = {*part}});
      step.from = line.front();
      step.to = line.back();
      if (line.size() > 2) step.bends.assign(line.begin() + 1, line.end() - 1);
      step.from_elevation_m = elevation_at(network_, *part, part->from);
      step.to_elevation_m = elevation_at(network_, *part, part->to);
      step.road = network_.name(network_.segments[roads::segment_of(part->lane)].name);
      step.lane = LanePart{.lane = part->lane, .from = part->from, .to = part->to, .cap_kmh = rates_.cap_kmh()};
    }
    if (steps.size() == 1 && !steps.front().lane)
      steps.front().from_elevation_m = steps.front().to_elevation_m = step.from_elevation_m;
    steps.push_back(std::move(step));
  });
  return steps;
}

Drive Driving::drive(const Way& way, std::uint32_t number) const {
  Drive drive{.profile = {.in = 0, .cost = 0, .out = model_.capacity_wh()}, .way = number};
  each_piece(way, [&](double, const roads::LaneCost& cost, const roads::RouteStep*) {
    drive.seconds += cost.seconds;
    if (drive.profile.passable()) drive.profile = drive.profile.then(model_.profile_of(cost.battery_wh));
  });
  return drive;
}

}  // namespace evc::routing::imported
