#include "kit/ev/energy_model.hpp"

#include <algorithm>
#include <cmath>

namespace evc::ev {
namespace {

constexpr double kGravity = 9.81;
constexpr double kJoulesPerWh = 3600;

// Heating and cooling, estimated: about 120 W per kelvin below 18 °C (resistance heater and heat pump mixed) and 80 W
// per kelvin above 24 °C.
double climate_watts(double temperature_c) {
  return std::min(4000.0, 120 * std::max(0.0, 18 - temperature_c) + 80 * std::max(0.0, temperature_c - 24));
}

}  // namespace

Profile Profile::then(const Profile& next) const {
  if (out < next.in) return impassable();
  return {.in = std::max(in, cost + next.in),
          .cost = std::max(cost + next.cost, in - next.out),
          .out = std::min(next.out, out - next.cost)};
}

// Coefficients of a coast-down hold at its mass and near sea level; without them rolling and air resistance are summed.
EnergyModel::EnergyModel(const Vehicle& vehicle, const Conditions& conditions)
    : capacity_wh_(vehicle.usable_wh()),
      mass_kg_(vehicle.mass_kg + conditions.payload_kg),
      inertia_kg_(mass_kg_ * vehicle.rotating_mass_factor),
      density_at_sea_(1.225 * 288.15 / (273.15 + conditions.temperature_c)),
      drive_(vehicle.drive_efficiency),
      regen_(vehicle.regen_efficiency),
      regen_limit_w_(vehicle.regen_limit_kw * 1000),
      auxiliary_w_(vehicle.auxiliary_w),
      climate_w_(climate_watts(conditions.temperature_c)) {
  const double factor = vehicle.calibration * conditions.consumption_factor;
  if (vehicle.road_load) {
    constexpr double kCoastDownDensity = 1.204;  // dry air at 20 °C
    const double loaded = mass_kg_ / vehicle.road_load->mass_kg;
    constant_n_ = factor * loaded * vehicle.road_load->a_n;
    linear_ = factor * loaded * vehicle.road_load->b_n_per_mps;
    quadratic_ = factor * vehicle.road_load->c_n_per_mps2 / kCoastDownDensity;
  } else {
    constant_n_ = factor * vehicle.crr * mass_kg_ * kGravity;
    linear_ = 0;
    quadratic_ = factor * 0.5 * vehicle.cda_m2;
  }
  auxiliary_w_ *= factor;
}

double EnergyModel::battery_wh(const RoadStretch& stretch) const {
  const double density = density_at_sea_ * std::exp(-stretch.elevation_m / 8500);
  const double air_speed = stretch.speed_mps + stretch.headwind_mps;
  const double force =
      constant_n_ + linear_ * stretch.speed_mps + quadratic_ * density * air_speed * std::abs(air_speed);
  const double seconds = stretch.length_m / stretch.speed_mps;
  double battery_j = (auxiliary_w_ + climate_w_) * seconds;

  // The rising and the falling part are driven one after the other; their lengths share the stretch as their heights
  // do.
  const double swing = stretch.climb_m + stretch.descent_m;
  const double rising = swing > 0 ? stretch.climb_m / swing : 1;
  for (const auto& [share, height] : {std::pair{rising, stretch.climb_m}, std::pair{1 - rising, -stretch.descent_m}}) {
    const double wheel_j = (force * stretch.length_m + 0.5 * inertia_kg_ * stretch.speed_square_change) * share +
                           mass_kg_ * kGravity * height;
    if (wheel_j >= 0) {
      battery_j += wheel_j / drive_;
    } else {
      battery_j += std::max(wheel_j * regen_, -regen_limit_w_ * seconds * share);
    }
  }
  return battery_j / kJoulesPerWh;
}

Profile EnergyModel::profile_of(double battery_wh) const {
  if (battery_wh > capacity_wh_) return Profile::impassable();
  return {
      .in = std::max(0.0, battery_wh), .cost = battery_wh, .out = std::min(capacity_wh_, capacity_wh_ - battery_wh)};
}

}  // namespace evc::ev
