#include "services/routing/domain/network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

namespace evc::routing {
namespace {

std::unexpected<Error> wrong(const std::string& what) {
  return fail(Code::kValidationFailed, what);
}

Result<void> check_arc(const Arc& arc, std::size_t index, std::size_t places) {
  const std::string name = "arc " + std::to_string(index);
  if (arc.from >= places || arc.to >= places || arc.from == arc.to)
    return wrong(name + ": its ends must be two known places");
  if (!(arc.length_m > 0 && arc.length_m < 2e6)) return wrong(name + ": length out of range");
  if (!(arc.speed_mps >= 2 && arc.speed_mps <= 50)) return wrong(name + ": speed out of range");
  if (!(arc.climb_m >= 0 && arc.climb_m < 20'000 && arc.descent_m >= 0 && arc.descent_m < 20'000))
    return wrong(name + ": climb or descent out of range");
  return {};
}

Result<void> check_site(const Site& site, std::size_t places) {
  if (site.id.empty() || site.id.size() > 64) return wrong("site without an id of 1 to 64 characters");
  if (site.node >= places) return wrong("site " + site.id + ": unknown place");
  for (const SiteConnector& connector : site.connectors) {
    if (connector.current != "AC" && connector.current != "DC")
      return wrong("site " + site.id + ": current must be AC or DC");
    if (!(connector.power_kw >= 1 && connector.power_kw <= 1000))
      return wrong("site " + site.id + ": power out of range");
  }
  if (site.connectors.empty()) return wrong("site " + site.id + ": no connector");
  if (!tariff::cost(site.tariff, 0, 0)) return wrong("site " + site.id + ": tariff out of range");
  return {};
}

}  // namespace

Result<Network> Network::build(std::vector<Place> places, std::vector<Arc> arcs, std::vector<std::string> roads,
                               std::vector<Site> sites) {
  Network network;
  for (const Place& place : places) {
    if (!(std::abs(place.position.lat) <= 90 && std::abs(place.position.lon) <= 180))
      return wrong("place " + place.id + ": position out of range");
    if (!network.by_id_.emplace(place.id, static_cast<NodeId>(network.by_id_.size())).second)
      return wrong("place " + place.id + " occurs twice");
  }
  for (std::size_t i = 0; i < arcs.size(); ++i) EVC_CHECK(check_arc(arcs[i], i, places.size()));
  std::set<std::string_view> site_ids;
  for (const Site& site : sites) {
    EVC_CHECK(check_site(site, places.size()));
    if (!site_ids.insert(site.id).second) return wrong("site " + site.id + " occurs twice");
  }
  std::ranges::sort(arcs, [](const Arc& a, const Arc& b) {
    return std::tie(a.from, a.to, a.length_m) < std::tie(b.from, b.to, b.length_m);
  });
  network.first_arc_.assign(places.size() + 1, 0);
  for (const Arc& arc : arcs) ++network.first_arc_[arc.from + 1];
  for (std::size_t i = 0; i < places.size(); ++i) network.first_arc_[i + 1] += network.first_arc_[i];
  network.places_ = std::move(places);
  network.arcs_ = std::move(arcs);
  network.roads_ = std::move(roads);
  network.sites_ = std::move(sites);
  return network;
}

std::optional<NodeId> Network::find_place(std::string_view id) const {
  const auto found = by_id_.find(std::string(id));
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

Network::RoadPoint Network::nearest_road(const Position& position) const {
  RoadPoint best{.distance_m = std::numeric_limits<double>::infinity()};
  for (std::size_t i = 0; i < arcs_.size(); ++i) {
    const Position &a = places_[arcs_[i].from].position, &b = places_[arcs_[i].to].position;
    const Projection projection = project(position, a, b);
    if (projection.distance_m < best.distance_m) {
      best = {.arc = i,
              .fraction = projection.fraction,
              .distance_m = projection.distance_m,
              .position = between(a, b, projection.fraction)};
    }
  }
  return best;
}

NodeId Network::nearest_place(const Position& position) const {
  const auto nearest = std::ranges::min_element(
      places_, {}, [&](const Place& place) { return great_circle_m(position, place.position); });
  return static_cast<NodeId>(nearest - places_.begin());
}

}  // namespace evc::routing
