#include "services/routing/command/validate_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kit/base/csv.hpp"
#include "kit/ev/driving_cycle.hpp"

namespace evc::routing::command {
namespace {

constexpr std::string_view kHeader = "car,aLbf,bLbfPerMph,cLbfPerMph2,weightLb,cycle,whPerMile";
constexpr double kNewtonsPerLbf = 4.4482216, kMpsPerMph = 0.44704, kKgPerLb = 0.45359237, kKmPerMile = 1.609344;

struct Row {
  std::string car, cycle;
  ev::Vehicle vehicle;
  double wh_per_km = 0;
};

Result<Row> row_of(const CsvTable& table, std::size_t at) {
  EVC_TRY(a_lbf, table.number(at, 1));
  EVC_TRY(b_lbf_per_mph, table.number(at, 2));
  EVC_TRY(c_lbf_per_mph2, table.number(at, 3));
  EVC_TRY(weight_lb, table.number(at, 4));
  EVC_TRY(wh_per_mile, table.number(at, 6));
  if (!(weight_lb > 0 && wh_per_mile > 0)) return fail_field(table.pointer(at), "weight and result must be above 0");
  Row row{.car = std::string(table.text(at, 0)), .cycle = std::string(table.text(at, 5))};
  row.vehicle.usable_kwh = 100;
  row.vehicle.mass_kg = weight_lb * kKgPerLb;
  row.vehicle.road_load = ev::RoadLoad{.a_n = a_lbf * kNewtonsPerLbf,
                                       .b_n_per_mps = b_lbf_per_mph * kNewtonsPerLbf / kMpsPerMph,
                                       .c_n_per_mps2 = c_lbf_per_mph2 * kNewtonsPerLbf / (kMpsPerMph * kMpsPerMph),
                                       .mass_kg = row.vehicle.mass_kg};
  row.wh_per_km = wh_per_mile / kKmPerMile;
  return row;
}

Result<std::vector<Row>> read(std::string_view csv) {
  EVC_TRY(table, CsvTable::read(csv, kHeader));
  if (table.size() == 0) return fail_field("/2", "no row");
  std::vector<Row> rows;
  for (std::size_t at = 0; at < table.size(); ++at) {
    EVC_TRY(row, row_of(table, at));
    rows.push_back(std::move(row));
  }
  return rows;
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

}  // namespace

Outcome validate(std::string_view rows_csv, std::string_view cycles_csv) {
  const auto cycles = ev::read_cycles(cycles_csv);
  if (!cycles) return bad_input("cycles", cycles.error());
  const auto rows = read(rows_csv);
  if (!rows) return bad_input("rows", rows.error());
  Outcome outcome;
  std::vector<double> errors;
  for (const Row& row : *rows) {
    const ev::DrivingCycle* cycle = ev::find_cycle(*cycles, row.cycle);
    if (cycle == nullptr) return bad_input("rows", fail_field("", row.car + ": no cycle " + row.cycle).error());
    // The weight of the test holds the driver already.
    const ev::EnergyModel model(row.vehicle, {.temperature_c = 23, .payload_kg = 0});
    const double modelled = ev::cycle_wh_per_km(model, *cycle), error = modelled / row.wh_per_km - 1;
    errors.push_back(std::abs(error));
    outcome.out += fmt::format("{} {}: {:.1f} Wh/km, certified {:.1f}, {:+.1f} %\n", row.car, row.cycle, modelled,
                               row.wh_per_km, error * 100);
  }
  outcome.out += fmt::format("{} results: median error {:.1f} %, p90 {:.1f} %\n", errors.size(),
                             percentile(errors, 0.5) * 100, percentile(errors, 0.9) * 100);
  return outcome;
}

}  // namespace evc::routing::command
