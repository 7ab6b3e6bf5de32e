#include "services/routing/command/validate_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

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

std::vector<std::string_view> fields(std::string_view line) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    parts.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Result<Row> row_of(std::string_view line, const std::string& pointer) {
  const auto parts = fields(line);
  if (parts.size() != 7) return fail_field(pointer, "must have seven fields");
  double values[5] = {};
  for (std::size_t i = 0; i < std::size(values); ++i) {
    const std::string_view text = parts[i < 4 ? i + 1 : 6];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), values[i]);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(values[i]))
      return fail_field(pointer, "not a number: " + std::string(text));
  }
  if (!(values[3] > 0 && values[4] > 0)) return fail_field(pointer, "weight and result must be above 0");
  Row row{.car = std::string(parts[0]), .cycle = std::string(parts[5])};
  row.vehicle.usable_kwh = 100;
  row.vehicle.mass_kg = values[3] * kKgPerLb;
  row.vehicle.road_load = ev::RoadLoad{.a_n = values[0] * kNewtonsPerLbf,
                                       .b_n_per_mps = values[1] * kNewtonsPerLbf / kMpsPerMph,
                                       .c_n_per_mps2 = values[2] * kNewtonsPerLbf / (kMpsPerMph * kMpsPerMph),
                                       .mass_kg = row.vehicle.mass_kg};
  row.wh_per_km = values[4] / kKmPerMile;
  return row;
}

Result<std::vector<Row>> read(std::string_view csv) {
  std::vector<Row> rows;
  std::size_t line_number = 0;
  while (!csv.empty()) {
    const std::size_t end = std::min(csv.find('\n'), csv.size());
    std::string_view line = csv.substr(0, end);
    csv.remove_prefix(std::min(end + 1, csv.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string pointer = "/" + std::to_string(++line_number);
    if (line_number == 1) {
      if (line != kHeader) return fail_field(pointer, "the first line must be " + std::string(kHeader));
      continue;
    }
    if (line.empty()) continue;
    EVC_TRY(row, row_of(line, pointer));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return fail_field("/2", "no row");
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
