// ImportedNetwork::pois: what lies beside the stops, on foot, and what lies along the way, there and back by road.
#include <algorithm>
#include <cmath>
#include <map>

#include "services/routing/domain/imported/imported_network.hpp"

namespace evc::routing::imported {
namespace {

constexpr double kWalkM = 500, kWalkWinding = 1.3;
constexpr double kSampleM = 1'000;          // between two looks along the way
constexpr double kSmallRoadMps = 60 / 3.6;  // how fast one gets away from it at most, estimated for the look alone
constexpr double kPoiRoadM = 500;           // from a point of interest to its road
constexpr std::size_t kMostAsked = 600;     // ways that are looked for, of the nearest

std::optional<PoiKind> wanted(const PoiWish& wish, roads::PoiKind kind) {
  const PoiKind named = kind == roads::PoiKind::kFood     ? PoiKind::kFood
                        : kind == roads::PoiKind::kToilet ? PoiKind::kToilet
                                                          : PoiKind::kRest;
  return std::ranges::find(wish.kinds, named) == wish.kinds.end() ? std::nullopt : std::optional(named);
}

// Where one may leave the way for a point of interest.
struct Exit {
  double metres = 0;  // from there in a straight line
  double distance_m = 0;
  roads::RoadPlace place;
};

// The nearest exit of each point of interest around the way.
std::map<std::uint32_t, Exit> exits(const ImportedNetwork& network, const PoiGrid& grid, const TripRequest& request,
                                    const TripPlan& plan) {
  const double reach_m = request.pois.detour_seconds / 2 * kSmallRoadMps;
  std::map<std::uint32_t, Exit> nearest;
  double next = 0;
  for (const TripLeg& leg : plan.legs) {
    for (const PathPoint& point : leg.path) {
      if (!point.lane || point.distance_m < next) continue;
      next = point.distance_m + kSampleM;
      const roads::LaneId lane = point.lane->lane;
      const double share = roads::is_against(lane) ? 1 - point.lane->to : point.lane->to;
      for (const std::uint32_t poi : grid.within(point.position, reach_m + kSampleM)) {
        const double metres = great_circle_m(position_of(network.network().pois[poi].point), point.position);
        const auto [known, fresh] = nearest.try_emplace(poi);
        if (!fresh && known->second.metres <= metres) continue;
        known->second = {metres, point.distance_m, {.segment = roads::segment_of(lane), .share = share}};
      }
    }
  }
  return nearest;
}

TripPoi described(const ImportedNetwork& network, std::uint32_t number, PoiKind kind) {
  const roads::Poi& poi = network.network().pois[number];
  return {.kind = kind, .name = std::string(network.network().name(poi.name)), .position = position_of(poi.point)};
}

}  // namespace

std::vector<TripPoi> ImportedNetwork::pois(const TripRequest& request, const TripPlan& plan) const {
  std::map<std::uint32_t, TripPoi> found;
  for (std::size_t i = 0; i < plan.stop_after.size(); ++i) {
    if (!plan.stop_after[i]) continue;
    const std::size_t site = plan.stop_after[i]->site;
    for (const std::uint32_t number : poi_grid_.within(sites_[site].position, kWalkM / kWalkWinding)) {
      const auto kind = wanted(request.pois, source_.network.pois[number].kind);
      if (!kind || found.contains(number)) continue;
      TripPoi poi = described(*this, number, *kind);
      poi.site = site;
      poi.walk_m = kWalkWinding * great_circle_m(poi.position, sites_[site].position);
      poi.distance_m = plan.legs[i].path.empty() ? 0 : plan.legs[i].path.back().distance_m;
      found.emplace(number, std::move(poi));
    }
  }
  std::vector<std::pair<double, std::uint32_t>> order;
  const auto around = exits(*this, poi_grid_, request, plan);
  for (const auto& [number, exit] : around) {
    if (!found.contains(number) && wanted(request.pois, source_.network.pois[number].kind))
      order.emplace_back(exit.metres, number);
  }
  std::ranges::sort(order);
  if (order.size() > kMostAsked) order.resize(kMostAsked);
  const auto query = this->query();
  query->use(metrics_.front());
  for (const auto& [metres, number] : order) {
    const Position position = position_of(source_.network.pois[number].point);
    const auto road = roads::nearest_road(source_.network, position, roads::Snapping::kWellConnected, kPoiRoadM);
    if (!road) continue;
    const Exit& exit = around.at(number);
    const double there = query->weight(exit.place, *road), back = query->weight(*road, exit.place);
    const double seconds = (there + back) / 1'000 + 2 * road->distance_m * kAccessWinding / kAccessSpeedMps;
    if (seconds > request.pois.detour_seconds) continue;
    TripPoi poi = described(*this, number, *wanted(request.pois, source_.network.pois[number].kind));
    poi.distance_m = exit.distance_m;
    poi.detour_seconds = seconds;
    found.emplace(number, std::move(poi));
  }
  std::vector<TripPoi> list;
  for (auto& [number, poi] : found) list.push_back(std::move(poi));
  // When there are more than fit, those that cost least.
  if (list.size() > kMostPois) {
    std::ranges::sort(list, {}, [](const TripPoi& poi) { return std::pair(poi.detour_seconds, poi.walk_m); });
    list.resize(kMostPois);
  }
  std::ranges::sort(list, {}, [](const TripPoi& poi) { return std::pair(poi.distance_m, poi.detour_seconds); });
  return list;
}

}  // namespace evc::routing::imported
