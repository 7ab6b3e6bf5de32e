// A random town stretched to a country for the tests of this folder: roads of some kilometres with hills, turn
// restrictions and one-way roads, charging stations beside them by seed, and a car with a small battery.
#pragma once

#include <array>
#include <memory>
#include <random>

#include "services/routing/domain/imported/imported_network.hpp"
#include "services/routing/domain/roads/town_fixture_test.hpp"
#include "services/routing/domain/small_car_test.hpp"

namespace evc::routing::imported {

class LongHills : public roads::Elevation {
 public:
  explicit LongHills(double short_waves_m) : short_waves_m_(short_waves_m) {}
  std::optional<double> metres_at(Position position) const override {
    return 600 + 300 * std::sin(position.lat * 25) * std::cos(position.lon * 18) +
           short_waves_m_ * std::sin(position.lat * 160) * std::cos(position.lon * 140);
  }

 private:
  double short_waves_m_;
};

struct CountryOptions {
  std::uint64_t seed = 1;
  int side = 14;
  int stations = 25;
  int stretch = 60;  // towns of 1.5 km become countries of 90 km
  double short_waves_m = 0;
  int pois = 0;
  std::string hours;  // of every station; empty: not known
};

class Country {
 public:
  explicit Country(const CountryOptions& options) : random_(options.seed) {
    roads::Town town({.seed = options.seed, .side = options.side});
    const Point origin = town.roads.nodes.front().point;
    for (roads::RawNode& node : town.roads.nodes) {
      node.point.lat_e7 = origin.lat_e7 + (node.point.lat_e7 - origin.lat_e7) * options.stretch;
      node.point.lon_e7 = origin.lon_e7 + (node.point.lon_e7 - origin.lon_e7) * options.stretch;
    }
    const LongHills hills(options.short_waves_m);
    auto data = std::make_shared<roads::RoadNetworkData>(
        roads::build_network(std::move(town.roads), {.elevation = &hills}).data);
    data_ = data;
    for (int i = 0; i < options.pois; ++i) {
      const Position at = somewhere();
      data->pois.push_back(
          {.osm_id = i + 1,
           .point = {static_cast<std::int32_t>(at.lat * roads::kE7), static_cast<std::int32_t>(at.lon * roads::kE7)},
           .kind = static_cast<roads::PoiKind>(i % 3)});
    }
    Source source{.network = roads::view_of(*data_), .keep = data_, .name = "random"};
    for (int i = 0; i < options.stations; ++i) {
      source.stations.push_back(station(source.network, i));
      if (!options.hours.empty()) source.stations.back().opening_hours = options.hours;
    }
    stations_ = source.stations;
    network_ = std::make_shared<const ImportedNetwork>(std::move(source));
  }

  const std::shared_ptr<const ImportedNetwork>& network() const { return network_; }
  const roads::RoadNetworkData& data() const { return *data_; }
  const std::vector<roads::ChargingStation>& stations() const { return stations_; }
  Position somewhere() {
    const auto& points = data_->points;
    while (true) {
      const Position on_road = position_of(points[random_() % points.size()].point);
      const Position position{on_road.lat + uniform(-0.002, 0.002), on_road.lon + uniform(-0.002, 0.002)};
      if (roads::nearest_road(roads::view_of(*data_), position, roads::Snapping::kWellConnected, 4'000))
        return position;
    }
  }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }

  TripRequest trip() {
    TripRequest request;
    request.from = {.position = somewhere()};
    request.to = {.position = somewhere()};
    request.vehicle = small_car();
    request.soc = uniform(0.3, 1);
    request.min_stop_soc = uniform(0.02, 0.2);
    request.min_arrival_soc = uniform(0.02, 0.4);
    request.max_charge_soc = uniform(0.7, 1);
    request.overhead_seconds = uniform(0, 400);
    return request;
  }
  static ev::Vehicle small_car() { return routing::small_car(8); }

 private:
  using Point = roads::Point;

  roads::ChargingStation station(const roads::RoadNetwork& network, int number) {
    const Position position = somewhere();
    roads::ChargingStation one{.id = "S" + std::to_string(number),
                               .name = "Station",
                               .network = number % 2 == 0 ? "Sol" : "Mar",
                               .lat = position.lat,
                               .lon = position.lon};
    one.sockets.push_back({.type = "CCS2", .current = "DC", .power_kw = std::array{25.0, 50.0, 60.0}[random_() % 3]});
    one.tariff = tariff::Tariff{.per_kwh_minor = 150 + static_cast<std::int64_t>(random_() % 100)};
    if (const auto place = roads::nearest_road(network, position, roads::Snapping::kWellConnected, 1e5)) {
      one.segment = place->segment;
      one.share = place->share;
      one.off_road_m = place->distance_m;
    }
    return one;
  }

  std::mt19937_64 random_;
  std::shared_ptr<const roads::RoadNetworkData> data_;
  std::vector<roads::ChargingStation> stations_;
  std::shared_ptr<const ImportedNetwork> network_;
};

}  // namespace evc::routing::imported
