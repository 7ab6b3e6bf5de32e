#include "services/routing/domain/imported/imported_network.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "services/routing/domain/imported/imported_roads.hpp"
#include "services/routing/domain/roads/place_names.hpp"

namespace evc::routing::imported {
namespace {

constexpr std::string_view kPlacePrefix = "osm-";
constexpr double kNamedWithinM = 5'000;

// As the platform writes them: letters, digits and a few signs.
std::string site_id(const std::string& id) {
  std::string text = id;
  std::ranges::replace_if(text, [](char c) { return c == ':' || c == '/'; }, '-');
  return text;
}

std::optional<Site> site_of(const roads::ChargingStation& station) {
  if (!station.segment || !station.share) return std::nullopt;
  Site site{.id = site_id(station.id),
            .name = station.name.empty() ? site_id(station.id) : station.name,
            .network = station.network,
            .position = {station.lat, station.lon},
            .price_known = station.tariff.has_value() || station.fee == false,
            .opening_hours = station.opening_hours};
  if (station.tariff) site.tariff = *station.tariff;
  for (const roads::StationSocket& socket : station.sockets) {
    site.connectors.push_back({.id = static_cast<std::int64_t>(site.connectors.size() + 1),
                               .type = socket.type,
                               .power_kw = socket.power_kw,
                               .current = socket.current});
  }
  if (site.connectors.empty()) return std::nullopt;
  return site;
}

}  // namespace

QueryPool::Lease QueryPool::lease() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return {*this, std::make_unique<roads::RouteQuery>(network_, metric_)};
  std::unique_ptr<roads::RouteQuery> query = std::move(idle_.back());
  idle_.pop_back();
  return {*this, std::move(query)};
}

QueryPool::Lease::~Lease() {
  const std::lock_guard lock(pool_.mutex_);
  pool_.idle_.push_back(std::move(query_));
}

Result<std::shared_ptr<const ImportedNetwork>> ImportedNetwork::make(Source source) {
  if (source.network.segment_count() == 0) return fail(Code::kValidationFailed, "a network without roads");
  auto network = std::make_shared<const ImportedNetwork>(std::move(source));
  if (!network->legs().complete()) return fail(Code::kDeadlineExceeded, "given up");
  return network;
}

ImportedNetwork::ImportedNetwork(Source source)
    : source_(std::move(source)),
      metrics_(course_metrics(source_.network)),
      index_(roads::place_names(source_.network)),
      poi_grid_(source_.network.pois) {
  add_sites();
  for (NodeId node = 0; node < source_.network.places.size(); ++node)
    place_of_id_.emplace(source_.network.places[node].osm_id, node);
  legs_ = std::make_unique<const LegTable>(source_.network, metrics_, spots_, source_.give_up);
  queries_ = std::make_unique<QueryPool>(source_.network, metrics_.front());
}

// Stations that lie at the same point of a road share a stand.
void ImportedNetwork::add_sites() {
  std::unordered_map<std::uint32_t, std::vector<Vertex>> on_segment;
  for (const roads::ChargingStation& station : source_.stations) {
    auto site = site_of(station);
    if (!site) continue;
    const auto segment = static_cast<roads::SegmentId>(*station.segment);
    if (*station.segment < 0 || segment >= source_.network.segment_count()) continue;
    const roads::RoadPlace place{.segment = segment, .share = std::clamp(*station.share, 0.0, 1.0)};
    const auto line = roads::geometry(
        source_.network, {.steps = {{roads::lane_along(segment), place.share, std::min(1.0, place.share + 1e-9)}}});
    Spot spot{.place = place, .position = site->position, .off_road_m = station.off_road_m.value_or(0)};
    spot.place.position = line.front();
    auto& here = on_segment[segment];
    const auto same = std::ranges::find_if(here, [&](Vertex stand) {
      return spots_[stand].place.share == place.share && spots_[stand].off_road_m == spot.off_road_m;
    });
    if (same == here.end()) {
      here.push_back(static_cast<Vertex>(spots_.size()));
      spots_.push_back(spot);
      stand_of_.push_back(here.back());
    } else {
      stand_of_.push_back(*same);
    }
    sites_.push_back(std::move(*site));
  }
}

Result<std::unique_ptr<TripRoads>> ImportedNetwork::roads(const TripRequest& request,
                                                          const ev::EnergyModel& model) const {
  return ImportedRoads::make(*this, request, model);
}

SharedOverlays ImportedNetwork::overlays(const TripRequest& request, const ev::EnergyModel& model) const {
  const auto same = [&](const Known& one) {
    return one.vehicle == request.vehicle && one.conditions == request.conditions && one.wind == request.wind &&
           one.max_speed_kmh == request.max_speed_kmh;
  };
  {
    const std::lock_guard lock(known_mutex_);
    const auto found = std::ranges::find_if(known_, same);
    if (found != known_.end()) {
      known_.splice(known_.begin(), known_, found);
      return known_.front().overlays;
    }
  }
  auto both = legs_->overlays(model, request.wind, request.max_speed_kmh);
  const SharedOverlays made{std::make_shared<const Overlay>(std::move(both.known)),
                            std::make_shared<const Overlay>(std::move(both.ideal))};
  const std::lock_guard lock(known_mutex_);
  known_.push_front({request.vehicle, request.conditions, request.wind, request.max_speed_kmh, made});
  if (known_.size() > kKnownCars) known_.pop_back();
  return made;
}

std::optional<NodeId> ImportedNetwork::find_place(std::string_view id) const {
  if (!id.starts_with(kPlacePrefix)) return std::nullopt;
  id.remove_prefix(kPlacePrefix.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  const auto found = place_of_id_.find(number);
  return found == place_of_id_.end() ? std::nullopt : std::optional(found->second);
}

Place ImportedNetwork::place(NodeId node) const {
  const roads::NamedPlace& place = source_.network.places[node];
  return {.id = std::string(kPlacePrefix) + std::to_string(place.osm_id),
          .name = std::string(source_.network.name(place.name)),
          .state = std::string(source_.network.name(place.region)),
          .position = position_of(place.point),
          .population = place.population,
          .kind = Place::Kind::kTown};
}

EndPoint ImportedNetwork::named(const Position& position, std::optional<NodeId> node) const {
  EndPoint point{.position = position};
  if (node) {
    const Place here = place(*node);
    point.name = full_name(here);
    point.place_id = here.id;
    return point;
  }
  double nearest = kNamedWithinM;
  std::optional<NodeId> by;
  for (NodeId one = 0; one < source_.network.places.size(); ++one) {
    const Position there = position_of(source_.network.places[one].point);
    if (std::abs(there.lat - position.lat) > 0.05) continue;
    const double distance = great_circle_m(there, position);
    if (distance >= nearest) continue;
    nearest = distance;
    by = one;
  }
  if (by) point.name = full_name(place(*by));
  return point;
}

DataNotes ImportedNetwork::notes() const {
  return {{"scope",
           "best trip over the fastest, the thriftiest and two ways between, from station to station, each at four "
           "speeds, and over every way where one of them might matter"},
          {"distances", "as mapped: " + source_.name},
          {"elevations", source_.elevation.empty() ? "none: the land is taken as flat" : source_.elevation},
          {"sites", "of the map and of our own list; hours and prices where known"}};
}

}  // namespace evc::routing::imported
