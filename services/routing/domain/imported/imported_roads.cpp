#include "services/routing/domain/imported/imported_roads.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "services/routing/domain/imported/all_ways.hpp"
#include "services/routing/domain/imported/ideal_drives.hpp"

namespace evc::routing::imported {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNearestSearchedM = 2'000'000;
// What lies this near to a way counts as lying on it, when ways out of an impossible trip are looked for.
constexpr double kBesideM = 2'000;
constexpr double kBetweenSamplesM = 500;
// Of the thriftiest course, whose weights are hundredths of the usual car's watt-hours; a car beside these shares of it
// is led by time alone.
constexpr double kWhPerUnit = 0.01, kLeastShare = 0.4;

// What the thriftiest of the known drives takes at a cap, per unit of the thriftiest course.
double wh_per_unit(const std::vector<Drive>& drives, std::uint32_t cap, roads::Weight units) {
  double least = kInfinity;
  for (const Drive& drive : drives) {
    if (cap_of(drive.way) == cap && drive.profile.passable()) least = std::min(least, drive.profile.cost);
  }
  const double share = units > 0 && least < kInfinity ? least / (units * kWhPerUnit) : 0;
  return share > kLeastShare && share < 1 / kLeastShare ? share * kWhPerUnit : 0;
}

// Of drives sorted by time those that save enough to be told from the one before, and the thriftiest.
std::vector<Drive> thinned(const std::vector<Drive>& drives) {
  constexpr double kWorthMore = 5e-4;
  std::vector<Drive> kept;
  for (const Drive& one : drives) {
    const double least_wh = kWorthMore * std::abs(one.profile.cost);
    const bool worth =
        kept.empty() || &one == &drives.back() || kept.back().profile.cost - one.profile.cost > least_wh ||
        kept.back().profile.in - one.profile.in > least_wh || one.profile.out - kept.back().profile.out > least_wh;
    if (worth) kept.push_back(one);
  }
  return kept;
}

}  // namespace

Result<std::unique_ptr<TripRoads>> ImportedRoads::make(const ImportedNetwork& network, const TripRequest& request,
                                                       const ev::EnergyModel& model) {
  std::unique_ptr<ImportedRoads> roads(new ImportedRoads(network, request, model));
  EVC_CHECK(roads->add_point(request.from, "from"));
  for (const Via& via : request.via) EVC_CHECK(roads->add_point(via.location, "via"));
  EVC_CHECK(roads->add_point(request.to, "to"));
  return std::unique_ptr<TripRoads>(std::move(roads));
}

ImportedRoads::ImportedRoads(const ImportedNetwork& network, const TripRequest& request, const ev::EnergyModel& model)
    : network_(network), model_(model), caps_(caps_below(request.max_speed_kmh)), usable_(network.stands(), 0) {
  for (const std::uint32_t cap : caps_)
    drivings_.emplace_back(network.network(), model, request.wind, std::min(kCapsKmh[cap], request.max_speed_kmh));
  for (std::size_t site = 0; site < network.sites().size(); ++site) {
    for (const SiteConnector& connector : network.sites()[site].connectors) {
      if (request.vehicle.takes(connector.type)) usable_[network.stand_of(site)] = 1;
    }
  }
  overlays_ = network.overlays(request, model);
}

Result<void> ImportedRoads::add_point(const Location& location, const std::string& pointer) {
  TripPoint point{.place = location.place};
  const Position wanted = location.place ? network_.place(*location.place).position : location.position;
  for (Vertex stand = 0; stand < network_.stands(); ++stand) {
    if (great_circle_m(network_.spot(stand).position, wanted) <= kAtStationM) point.stand = stand;
  }
  if (point.stand) {
    point.spot = network_.spot(*point.stand);
    points_.push_back(std::move(point));
    return {};
  }
  // What is too far is looked for too: where the nearest road is helps whoever asks.
  const auto road = roads::nearest_road(network_.network(), wanted, roads::Snapping::kWellConnected,
                                        location.place ? 2 * kAccessLimitM : kAccessLimitM);
  if (!road) {
    const auto far =
        roads::nearest_road(network_.network(), wanted, roads::Snapping::kWellConnected, kNearestSearchedM);
    const std::string where = far ? "the nearest point is " + text_of(far->position) + ", " +
                                        std::to_string(std::lround(far->distance_m / 1'000)) + " km away"
                                  : "no road is anywhere near";
    return std::unexpected(Error{.code = Code::kLocationNotRoutable, .detail = where, .fields = {{pointer, where}}});
  }
  point.spot = {.place = *road, .position = wanted, .off_road_m = road->distance_m};
  points_.push_back(std::move(point));
  return {};
}

const Spot& ImportedRoads::spot(Vertex vertex) const {
  return vertex < network_.stands() ? network_.spot(vertex) : points_[vertex - network_.stands()].spot;
}

const Driving& ImportedRoads::driving(std::uint32_t cap) const {
  const auto at = std::ranges::find(caps_, cap) - caps_.begin();
  return drivings_[static_cast<std::size_t>(at)];
}

std::vector<Drive> ImportedRoads::drives(roads::RouteQuery& query, const Spot& from, const Spot& to) const {
  std::vector<Drive> drives;
  const auto run = [&](std::uint32_t course) {
    query.use(network_.metric(course));
    return query.run(from.place, to.place);
  };
  each_course(run, [&](std::uint32_t course, const roads::Route& route) {
    for (std::size_t i = 0; i < caps_.size(); ++i)
      drives.push_back(drivings_[i].drive({route, from, to}, way_of(course, caps_[i])));
  });
  return drives;
}

std::vector<Drive> ImportedRoads::ideal(std::span<const Drive> drives) const {
  return ideal_drives(drives);
}

// A car gets no further than its battery lasts on the flat, by more than any descent makes good.
std::vector<char> ImportedRoads::stands_within(const Spot& spot) const {
  constexpr double kDescents = 2;
  const double reach_m = kDescents * model_.capacity_wh() / drivings_.back().rates().least_wh_per_m();
  std::vector<char> within(network_.stands(), 0);
  for (Vertex stand = 0; stand < network_.stands(); ++stand) {
    within[stand] =
        usable_[stand] != 0 && great_circle_m(spot.position, network_.spot(stand).position) <= reach_m ? 1 : 0;
  }
  return within;
}

StageDrives ImportedRoads::stage(std::size_t stage) const {
  const TripPoint &from = points_[stage], &to = points_[stage + 1];
  const Vertex stands = static_cast<Vertex>(network_.stands());
  StageDrives drives_of{.leaving = std::vector<std::vector<Drive>>(stands),
                        .arriving = std::vector<std::vector<Drive>>(stands),
                        .straight = {}};
  const auto query = network_.query();
  const std::vector<char> ahead = stands_within(from.spot), behind = stands_within(to.spot);
  for (Vertex stand = 0; stand < stands; ++stand) {
    if (ahead[stand] != 0 && from.stand != stand)
      drives_of.leaving[stand] = drives(*query, from.spot, network_.spot(stand));
    if (behind[stand] != 0 && to.stand != stand)
      drives_of.arriving[stand] = drives(*query, network_.spot(stand), to.spot);
  }
  const Drive standing{.seconds = 0, .profile = {.in = 0, .cost = 0, .out = model_.capacity_wh()}};
  if (from.stand) drives_of.leaving[*from.stand].push_back(standing);
  if (to.stand) drives_of.arriving[*to.stand].push_back(standing);
  const bool same = (from.stand && from.stand == to.stand) || (from.place && from.place == to.place);
  drives_of.straight = same ? std::vector<Drive>{standing} : drives(*query, from.spot, to.spot);
  return drives_of;
}

std::vector<RoadStep> ImportedRoads::road(Vertex from, Vertex to, std::uint32_t way) const {
  const auto at = [&](Vertex vertex) {
    return vertex < network_.stands() ? std::optional(vertex) : points_[vertex - network_.stands()].stand;
  };
  if (from == to || (at(from) && at(from) == at(to))) return {};
  if (way >= kFirstFoundWay) {
    const FoundWay& found = found_.at(way - kFirstFoundWay);
    return driving(found.cap).steps({found.route, spot(from), spot(to)});
  }
  const auto query = network_.query();
  query->use(network_.metric(course_of(way)));
  const auto route = query->run(spot(from).place, spot(to).place);
  if (!route) return {};
  return driving(cap_of(way)).steps({*route, spot(from), spot(to)});
}

std::optional<std::vector<Drive>> ImportedRoads::exact_drives(Vertex from, Vertex to) const {
  const auto query = network_.query();
  return drives(*query, spot(from), spot(to));
}

struct ImportedRoads::Search {
  const Spot &from, &to;
  roads::TargetWeights seconds_left, energy_left;
  double wh_per_unit;  // of the thriftiest course, for this car at its slowest; 0: not known
  std::size_t labels;
};

std::optional<std::vector<Drive>> ImportedRoads::all_drives(Vertex from, Vertex to) const {
  const Spot &begin = spot(from), &end = spot(to);
  const auto query = network_.query();
  std::vector<Drive> all = drives(*query, begin, end);
  query->use(network_.metric(kThriftiest));
  Search search{.from = begin,
                .to = end,
                .seconds_left = {network_.network(), network_.metric(kFastest), end.place},
                .energy_left = {network_.network(), network_.metric(kThriftiest), end.place},
                .wh_per_unit = wh_per_unit(all, caps_.back(), query->weight(begin.place, end.place)),
                .labels = std::min(labels_left_, kMostPairLabels)};
  const std::size_t before = search.labels;
  bool complete = true;
  for (const std::uint32_t cap : caps_) complete = complete && add_ways(search, cap, all);
  labels_left_ -= before - search.labels;
  if (!complete) return std::nullopt;
  return thinned(best_drives(std::move(all)));
}

bool ImportedRoads::add_ways(Search& search, std::uint32_t cap, std::vector<Drive>& drives) const {
  std::vector<Drive> of_cap;
  std::ranges::copy_if(drives, std::back_inserter(of_cap),
                       [&](const Drive& one) { return one.way < kFirstFoundWay && cap_of(one.way) == cap; });
  if (!room_in(of_cap)) return true;
  const std::vector<Drive> known = best_drives(std::move(of_cap));
  const WayQuestion question{.network = network_.network(),
                             .fastest = network_.metric(kFastest),
                             .model = model_,
                             .driving = driving(cap),
                             .from = search.from,
                             .to = search.to,
                             .seconds_left = search.seconds_left,
                             .energy_left = search.energy_left,
                             .known = known,
                             .wh_per_unit = search.wh_per_unit};
  auto routes = AllWays(question).find(search.labels);
  if (!routes) return false;
  for (roads::Route& route : *routes) {
    const auto number = static_cast<std::uint32_t>(kFirstFoundWay + found_.size());
    const Drive drive = driving(cap).drive({route, search.from, search.to}, number);
    if (!drive.profile.passable()) continue;
    drives.push_back(drive);
    found_.push_back({std::move(route), cap});
  }
  return true;
}

std::vector<RoadStep> ImportedRoads::fastest(Vertex from, Vertex to) const {
  std::vector<RoadStep> steps = road(from, to, way_of(0, 0));
  mark_beside(steps);
  return steps;
}

// Stands and towns beside the way, each at the step that ends nearest to it.
void ImportedRoads::mark_beside(std::vector<RoadStep>& steps) const {
  std::vector<std::size_t> samples;
  double since = kBetweenSamplesM;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    since += steps[i].length_m;
    if (since < kBetweenSamplesM) continue;
    samples.push_back(i);
    since = 0;
  }
  const auto nearest = [&](const Position& position) -> RoadStep* {
    RoadStep* best = nullptr;
    double least = kBesideM;
    for (const std::size_t i : samples) {
      if (std::abs(steps[i].to.lat - position.lat) > 0.02) continue;
      const double distance = great_circle_m(steps[i].to, position);
      if (distance >= least) continue;
      least = distance;
      best = &steps[i];
    }
    return best;
  };
  for (Vertex stand = 0; stand < network_.stands(); ++stand) {
    if (usable_[stand] == 0) continue;
    if (RoadStep* step = nearest(network_.spot(stand).position)) step->stand = stand;
  }
  const auto& places = network_.network().places;
  for (NodeId node = 0; node < places.size(); ++node) {
    if (places[node].kind == roads::PlaceKind::kSuburb || places[node].kind == roads::PlaceKind::kHamlet) continue;
    if (RoadStep* step = nearest(position_of(places[node].point))) step->to_place = node;
  }
}

std::vector<double> ImportedRoads::seconds_to(Vertex point) const {
  const auto query = network_.query();
  query->use(network_.metric(0));
  std::vector<double> seconds;
  for (Vertex vertex = 0; vertex < network_.stands() + points_.size(); ++vertex) {
    const roads::Weight weight = query->weight(spot(vertex).place, spot(point).place);
    seconds.push_back(vertex == point ? 0 : weight >= roads::kInfinite ? kInfinity : weight / 1'000.0);
  }
  return seconds;
}

EndPoint ImportedRoads::end_point(Vertex vertex) const {
  const Spot& here = spot(vertex);
  EndPoint point{.position = here.position};
  if (vertex >= network_.stands()) {
    const TripPoint& own = points_[vertex - network_.stands()];
    if (own.place) point = network_.named(here.position, own.place);
  }
  const auto shape = network_.network().shape(here.place.segment);
  point.elevation_m =
      std::lerp(shape.front().elevation / 4.0, shape.back().elevation / 4.0, std::clamp(here.place.share, 0.0, 1.0));
  return point;
}

}  // namespace evc::routing::imported
