#include "kit/ev/vehicle.hpp"

#include <algorithm>
#include <map>

#include "kit/base/json.hpp"

namespace evc::ev {
namespace {

// The file's own shape; Vehicle also has members that the file leaves at their defaults.
struct VehicleRow {
  std::string id, maker, model;
  double usable_kwh = 0, mass_kg = 0, cda_m2 = 0, crr = 0, ac_kw = 0, dc_kw = 0;
  std::vector<std::string> connectors;
  double range_km = 0;
  std::map<std::string, double> ranges;
  double calibration = 1;
  std::vector<std::vector<double>> curve;
  std::optional<std::map<std::string, std::string>> sources;
};
BOOST_DESCRIBE_STRUCT(VehicleRow, (),
                      (id, maker, model, usable_kwh, mass_kg, cda_m2, crr, ac_kw, dc_kw, connectors, range_km, ranges,
                       calibration, curve, sources))

struct VehicleFile {
  std::vector<VehicleRow> vehicles;
  std::map<std::string, std::string> sources;
};
BOOST_DESCRIBE_STRUCT(VehicleFile, (), (vehicles, sources))

struct Range {
  const char* pointer;
  double value, low, high;
};

}  // namespace

bool Vehicle::takes(std::string_view connector) const {
  return std::ranges::find(connectors, connector) != connectors.end();
}

Result<void> Vehicle::check() const {
  Error error{.code = Code::kValidationFailed, .detail = id};
  for (const Range& range :
       {Range{"/usableKwh", usable_kwh, 1, 300}, Range{"/massKg", mass_kg, 200, 10'000},
        Range{"/cdaM2", cda_m2, 0.1, 10}, Range{"/crr", crr, 0.003, 0.05}, Range{"/acKw", ac_kw, 1, 50},
        Range{"/dcKw", dc_kw, 0, 1000}, Range{"/driveEfficiency", drive_efficiency, 0.3, 1},
        Range{"/regenEfficiency", regen_efficiency, 0, 1}, Range{"/auxiliaryW", auxiliary_w, 0, 5000},
        Range{"/calibration", calibration, 0.5, 2}, Range{"/rotatingMassFactor", rotating_mass_factor, 1, 1.5}}) {
    // Written so that a NaN is refused too.
    if (!(range.value >= range.low && range.value <= range.high))
      error.fields.push_back({range.pointer, "out of range"});
  }
  if (connectors.empty()) error.fields.push_back({"/connectors", "at least one"});
  if (curve.size() < 2 || curve.size() > 100 || curve.front().soc != 0 || curve.back().soc != 1) {
    error.fields.push_back({"/curve", "2 to 100 points from SoC 0 to SoC 1"});
  }
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const bool rises = i == 0 || curve[i].soc > curve[i - 1].soc;
    if (!rises || !(curve[i].kw >= 0.5 && curve[i].kw <= 1000))
      error.fields.push_back({"/curve/" + std::to_string(i), "SoC must rise and kW be 0.5 to 1000"});
  }
  if (!error.fields.empty()) return std::unexpected(std::move(error));
  return {};
}

Result<std::vector<Vehicle>> read_vehicles(std::string_view json_text) {
  EVC_TRY(file, json::decode_text<VehicleFile>(json_text));
  std::vector<Vehicle> vehicles;
  for (VehicleRow& row : file.vehicles) {
    Vehicle vehicle;
    vehicle.id = std::move(row.id);
    vehicle.maker = std::move(row.maker);
    vehicle.model = std::move(row.model);
    vehicle.usable_kwh = row.usable_kwh;
    vehicle.mass_kg = row.mass_kg;
    vehicle.cda_m2 = row.cda_m2;
    vehicle.crr = row.crr;
    vehicle.ac_kw = row.ac_kw;
    vehicle.dc_kw = row.dc_kw;
    vehicle.connectors = std::move(row.connectors);
    vehicle.range_km = row.range_km;
    vehicle.ranges = std::move(row.ranges);
    vehicle.calibration = row.calibration;
    // Every value has a source, its own or that of all vehicles.
    for (const char* value : {"usableKwh", "massKg", "cdaM2", "crr", "acKw", "dcKw", "connectors", "rangeKm", "ranges",
                              "calibration", "curve"}) {
      if (!(row.sources && row.sources->contains(value)) && !file.sources.contains(value))
        return fail_field("/sources", vehicle.id + ": no source for " + value);
    }
    for (const auto& point : row.curve) {
      if (point.size() != 2) return fail_field("/vehicles/curve", vehicle.id + ": a point is [SoC, kW]");
      vehicle.curve.push_back({point[0], point[1]});
    }
    EVC_CHECK(vehicle.check());
    vehicles.push_back(std::move(vehicle));
  }
  return vehicles;
}

}  // namespace evc::ev
