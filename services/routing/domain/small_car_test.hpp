// The car of the planner's tests: charges fast when empty and slowly when full.
#pragma once

#include "kit/ev/vehicle.hpp"

namespace evc::routing {

inline ev::Vehicle small_car(double usable_kwh = 20) {
  ev::Vehicle car{.id = "test",
                  .usable_kwh = usable_kwh,
                  .mass_kg = 1'200,
                  .cda_m2 = 0.65,
                  .crr = 0.01,
                  .ac_kw = 7,
                  .dc_kw = 60,
                  .connectors = {"CCS2"}};
  car.curve = {{0, 30}, {0.1, 60}, {0.5, 45}, {0.8, 20}, {1, 5}};
  return car;
}

}  // namespace evc::routing
