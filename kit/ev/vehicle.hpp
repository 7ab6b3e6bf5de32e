// A vehicle model as routing and the simulators see it: battery, road load, charging curve. Read from
// data/vehicles.json (whose `sources` say where each value comes from) or sent by a driver for a car of their own.
// Values, copied freely.
#pragma once

#include <array>
#include <boost/describe.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"

namespace evc::ev {

struct CurvePoint {
  double soc = 0;  // fraction
  double kw = 0;   // at the plug
  bool operator==(const CurvePoint&) const = default;
};

// Of a coast-down: F(v) = a + b·v + c·v², in newtons and metres per second, at the mass of the test.
struct RoadLoad {
  double a_n = 0, b_n_per_mps = 0, c_n_per_mps2 = 0;
  double mass_kg = 0;
  bool operator==(const RoadLoad&) const = default;
};

struct Vehicle {
  std::string id;
  std::string maker;
  std::string model;
  double usable_kwh = 0;
  double mass_kg = 0;  // empty, with driver's load added by Conditions
  double cda_m2 = 0;
  double crr = 0;
  double ac_kw = 0;
  double dc_kw = 0;
  std::vector<std::string> connectors;   // as in the network's sites: CCS2, CHAdeMO, Type2
  std::optional<RoadLoad> road_load;     // counts instead of CdA and crr where it is known
  double range_km = 0;                   // Inmetro's figure, 0 when there is none
  std::map<std::string, double> ranges;  // other published figures by kind: wltp, epa
  // What the car uses against the model's resistances, from one published range; the others are a check.
  double calibration = 1;
  std::vector<CurvePoint> curve;  // from SoC 0 to 1, DC

  // Battery to wheel, wheel to battery, and the electric load of a parked-cabin-off car; defaults of the design.
  double drive_efficiency = 0.90;
  double regen_efficiency = 0.80;
  double auxiliary_w = 300;
  double regen_limit_kw = 60;
  double rotating_mass_factor = 1.05;
  // Plug to battery.
  double dc_efficiency = 0.95;
  double ac_efficiency = 0.88;

  bool operator==(const Vehicle&) const = default;
  double usable_wh() const { return usable_kwh * 1000; }
  bool takes(std::string_view connector) const;
  // Values in plausible ranges, curve from 0 to 1 with rising SoC and positive power: validation-failed with pointers.
  Result<void> check() const;
};

// The list of data/vehicles.json. Any error names the vehicle.
Result<std::vector<Vehicle>> read_vehicles(std::string_view json_text);

}  // namespace evc::ev
