#include "services/routing/domain/imported/courses.hpp"

namespace evc::routing::imported {
namespace {

// A Wh counts what charging it takes, at a usual and at a slow plug.
struct Thrift {
  double cap_kmh, charging_kw;
};
constexpr Thrift kThrifts[] = {{100, 60}, {90, 22}};
static_assert(kCourses == 2 + std::size(kThrifts));
// Of the thriftiest course: time does not count, and hundredths of a Wh keep small what rounding takes.
constexpr double kThriftiestCapKmh = 80;
constexpr roads::Blend kEnergyAlone{.milliseconds_per_wh = 100, .time_share = 0};

}  // namespace

ev::Vehicle usual_car() {
  ev::Vehicle car{.usable_kwh = 60, .mass_kg = 1'600, .cda_m2 = 0.68, .crr = 0.0095, .ac_kw = 7, .dc_kw = 80};
  car.curve = {{0, 60}, {1, 60}};
  return car;
}

std::vector<std::uint32_t> caps_below(double max_speed_kmh) {
  std::vector<std::uint32_t> caps = {0};
  for (std::uint32_t cap = 1; cap < kCapsKmh.size(); ++cap) {
    if (kCapsKmh[cap] < max_speed_kmh) caps.push_back(cap);
  }
  return caps;
}

std::vector<roads::Metric> course_metrics(const roads::RoadNetwork& network) {
  const ev::Vehicle car = usual_car();
  const ev::EnergyModel model(car, {});
  std::vector<roads::Metric> metrics;
  metrics.emplace_back(network, roads::free_flow_weights(network));
  metrics.emplace_back(
      network,
      roads::blended_weights(network, roads::energy_rates(model, {.speed_cap_kmh = kThriftiestCapKmh}), kEnergyAlone));
  for (const Thrift& thrift : kThrifts) {
    const roads::EnergyRates rates = roads::energy_rates(model, {.speed_cap_kmh = thrift.cap_kmh});
    metrics.emplace_back(network,
                         roads::blended_weights(network, rates, {.milliseconds_per_wh = 3'600 / thrift.charging_kw}));
  }
  return metrics;
}

}  // namespace evc::routing::imported
