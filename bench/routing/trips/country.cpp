#include "bench/routing/trips/country.hpp"

#include <algorithm>
#include <cmath>

#include "kit/ev/charging_curve.hpp"

namespace evc::bench {
namespace {

using namespace routing;

constexpr double kWidthKm = 1'800, kHeightKm = 1'500;
constexpr double kOverheadSeconds = 300;
constexpr int kStretches = 6;

struct Style {
  double kmh, longer;  // how fast, and how much longer the road than the fastest one
};
constexpr Style kStyles[] = {{105, 1}, {100, 1}, {90, 1}, {80, 1}, {85, 0.97}};

ChargeFunction charging(const ev::Vehicle& vehicle, double kw) {
  const ev::ChargingCurve curve(vehicle, kw, ev::Current::kDc);
  std::vector<ChargeFunction::Point> points;
  for (const auto& point : curve.breakpoints()) points.push_back({point.soc * vehicle.usable_wh(), point.seconds});
  return ChargeFunction::make(std::move(points)).value();
}

}  // namespace

ev::Vehicle middle_class_car() {
  ev::Vehicle car{.id = "bench",
                  .usable_kwh = 60,
                  .mass_kg = 1'650,
                  .cda_m2 = 0.68,
                  .crr = 0.0095,
                  .ac_kw = 11,
                  .dc_kw = 120,
                  .connectors = {"CCS2"}};
  car.curve = {{0, 70}, {0.05, 115}, {0.3, 120}, {0.5, 85}, {0.7, 55}, {0.8, 40}, {0.9, 22}, {1, 6}};
  return car;
}

Country::Country(std::uint64_t seed, std::size_t sites, ev::Vehicle vehicle)
    : vehicle_(std::move(vehicle)), model_(vehicle_, {}) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> x(0, kWidthKm), y(0, kHeightKm);
  for (int i = 0; i < 60; ++i) towns_.push_back({x(random), y(random)});
  constexpr double kPowers[] = {50, 60, 60, 100, 150, 150};
  for (std::size_t i = 0; i < sites; ++i) {
    sites_.push_back(random_point(random));
    site_kw_.push_back(kPowers[random() % std::size(kPowers)]);
  }
  overlay_ = std::make_unique<Overlay>(sites);
  const double reach_km = vehicle_.usable_wh() / 95;
  for (std::uint32_t from = 0; from < sites; ++from) {
    for (std::uint32_t to = 0; to < sites; ++to) {
      if (from != to && road_km(sites_[from], sites_[to]) < reach_km)
        overlay_->connect(from, to, drives(sites_[from], sites_[to]));
    }
  }
}

// Two thirds around towns, the others on the way from one town to another.
Country::Point Country::random_point(std::mt19937_64& random) const {
  const Point a = towns_[random() % towns_.size()], b = towns_[random() % towns_.size()];
  std::normal_distribution<double> spread(0, 25);
  const double share = random() % 3 != 0 ? 0 : std::uniform_real_distribution<double>(0, 1)(random);
  return {a.x + share * (b.x - a.x) + spread(random), a.y + share * (b.y - a.y) + spread(random)};
}

double Country::elevation(const Point& point) const {
  return 400 + 250 * std::sin(point.x / 90) + 200 * std::cos(point.y / 70) + 80 * std::sin((point.x + point.y) / 17);
}

double Country::road_km(const Point& a, const Point& b) const {
  const double winding = 1.22 + 0.12 * std::sin(a.x * 0.13 + b.x * 0.13 + a.y * 0.07 + b.y * 0.07);
  return 0.5 + winding * std::hypot(a.x - b.x, a.y - b.y);
}

std::vector<Drive> Country::drives(const Point& from, const Point& to) const {
  std::vector<Drive> list;
  const double km = road_km(from, to);
  for (std::uint32_t way = 0; way < std::size(kStyles); ++way) {
    const Style& style = kStyles[way];
    const double metres = km * style.longer * 1'000 / kStretches;
    Drive drive{.profile = {.in = 0, .cost = 0, .out = model_.capacity_wh()}, .way = way};
    Point at = from;
    for (int i = 1; i <= kStretches; ++i) {
      const double share = static_cast<double>(i) / kStretches;
      const Point next{from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)};
      const double rise = elevation(next) - elevation(at);
      const double swing = metres * 0.006;
      drive.seconds += metres / (style.kmh / 3.6);
      drive.profile = drive.profile.then(model_.profile({.length_m = metres,
                                                         .speed_mps = style.kmh / 3.6,
                                                         .climb_m = swing + std::max(0.0, rise),
                                                         .descent_m = swing + std::max(0.0, -rise),
                                                         .elevation_m = elevation(at)}));
      at = next;
    }
    list.push_back(drive);
  }
  return list;
}

CountryTrip Country::trip(std::mt19937_64& random, double least_km, double most_km) const {
  CountryTrip trip;
  Point from, to;
  do {
    from = random_point(random);
    to = random_point(random);
    trip.km = road_km(from, to);
  } while (trip.km < least_km || trip.km > most_km);
  trip.graph = std::make_unique<TripGraph>(*overlay_, 1);
  const double reach_km = vehicle_.usable_wh() / 95;
  for (std::uint32_t site = 0; site < sites_.size(); ++site) {
    if (road_km(from, sites_[site]) < reach_km) trip.graph->leave(0, site, drives(from, sites_[site]));
    if (road_km(sites_[site], to) < reach_km) trip.graph->arrive(0, site, drives(sites_[site], to));
  }
  trip.graph->go_straight(0, drives(from, to));
  Problem& problem = trip.problem;
  problem.graph = trip.graph.get();
  std::vector<std::pair<double, ChargeFunction>> curves;
  for (const double kw : site_kw_) {
    auto known = std::ranges::find(curves, kw, &std::pair<double, ChargeFunction>::first);
    if (known == curves.end()) known = curves.insert(curves.end(), {kw, charging(vehicle_, kw)});
    problem.options.push_back({{.cost = known->second, .fixed = kOverheadSeconds}});
  }
  const double capacity = vehicle_.usable_wh();
  problem.capacity_wh = capacity;
  problem.start_wh = 0.8 * capacity;
  problem.reserve_wh = 0.1 * capacity;
  problem.most_wh = 0.8 * capacity;
  problem.arrival_wh = 0.15 * capacity;
  return trip;
}

}  // namespace evc::bench
