// Energy that a stretch of road takes from the battery, and the three-number profile by which stretches compose exactly
// although the battery is bounded: need `in` to pass, give back at most `out`, cost `cost` in between (Baum, Dibbelt,
// Gemsa, Wagner, Zündorf, 2019). Pure, immutable, one per request: vehicle and weather are folded into a few
// coefficients.
#pragma once

#include <limits>

#include "kit/ev/vehicle.hpp"

namespace evc::ev {

struct Conditions {
  double temperature_c = 25;
  double payload_kg = 100;
  double consumption_factor = 1;  // of this driver: what they use against the model, 1 when it is not known
  bool operator==(const Conditions&) const = default;
};

struct RoadStretch {
  double length_m = 0;
  double speed_mps = 0;
  double climb_m = 0;    // sum of rises, ≥ 0
  double descent_m = 0;  // sum of falls, ≥ 0
  double elevation_m = 0;
  double headwind_mps = 0;         // negative: from behind
  double speed_square_change = 0;  // m²/s², v² at the end less v² at the begin: what the car's motion took or gave
};

// Wh. Passing turns the stored energy b into min(out, b − cost) when b ≥ in, and is impossible otherwise.
struct Profile {
  double in = 0;
  double cost = 0;
  double out = std::numeric_limits<double>::infinity();

  static Profile impassable() { return {.in = std::numeric_limits<double>::infinity()}; }
  bool passable() const { return in < std::numeric_limits<double>::infinity(); }
  // First this, then the other.
  Profile then(const Profile& next) const;
};

class EnergyModel {
 public:
  EnergyModel(const Vehicle& vehicle, const Conditions& conditions);

  double capacity_wh() const { return capacity_wh_; }
  // Battery energy of one stretch driven at its speed; negative when it gives back more than it takes.
  double battery_wh(const RoadStretch& stretch) const;
  // Within one stretch the stored energy is taken as monotone, so the profile follows from the sum.
  Profile profile(const RoadStretch& stretch) const { return profile_of(battery_wh(stretch)); }
  Profile profile_of(double battery_wh) const;
  // With the car on and standing.
  double standing_wh(double seconds) const { return (auxiliary_w_ + climate_w_) * seconds / 3600; }
  double climate_w() const { return climate_w_; }

 private:
  // F(v) = constant + linear · v + quadratic · air density · (v + wind)²; the first two already carry the mass.
  double capacity_wh_, mass_kg_, inertia_kg_, constant_n_, linear_, quadratic_, density_at_sea_, drive_, regen_,
      regen_limit_w_, auxiliary_w_, climate_w_;
};

}  // namespace evc::ev
