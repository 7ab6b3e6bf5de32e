// The energy model on the official cycles against what is published of the shipped vehicles.
#include "kit/ev/driving_cycle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace evc::ev {
namespace {

std::string file(const std::string& name) {
  std::ifstream in(name);
  EXPECT_TRUE(in) << name;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

const std::vector<Vehicle>& vehicles() {
  static const std::vector<Vehicle> list = read_vehicles(file("data/vehicles.json")).value();
  return list;
}

const std::vector<DrivingCycle>& cycles() {
  static const std::vector<DrivingCycle> list = read_cycles(file("data/cycles/cycles.csv")).value();
  return list;
}

struct Published {
  std::string kind;
  double km;
};

// The range that a vehicle is calibrated to comes first.
std::vector<Published> published(const Vehicle& vehicle) {
  std::vector<Published> list;
  for (const char* kind : {"wltp", "epa"}) {
    if (vehicle.ranges.contains(kind)) list.push_back({kind, vehicle.ranges.at(kind)});
  }
  if (vehicle.range_km > 0) list.push_back({"inmetro", vehicle.range_km});
  return list;
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

double error(const Vehicle& vehicle, const Published& range) {
  const auto km = official_range_km(vehicle, range.kind, cycles());
  EXPECT_TRUE(km) << range.kind;
  return std::abs(km.value_or(0) / range.km - 1);
}

TEST(DrivingCycle, CyclesHaveTheirOfficialLengths) {
  const auto km = [](std::string_view name) {
    double metres = 0;
    for (const double speed : find_cycle(cycles(), name)->speeds_mps) metres += speed;
    return metres / 1000;
  };
  EXPECT_NEAR(km("UDDS"), 11.99, 0.02);
  EXPECT_NEAR(km("HWFET"), 16.51, 0.02);
  EXPECT_NEAR(km("WLTC"), 23.27, 0.03);
}

TEST(DrivingCycle, PublishedRangesAreMetWithinEightPercent) {
  std::vector<double> raw, shipped, checks;
  for (const Vehicle& vehicle : vehicles()) {
    Vehicle plain = vehicle;
    plain.calibration = 1;
    const auto ranges = published(vehicle);
    ASSERT_FALSE(ranges.empty()) << vehicle.id;
    raw.push_back(error(plain, ranges[0]));
    for (const Published& range : ranges) shipped.push_back(error(vehicle, range));
    for (std::size_t i = 1; i < ranges.size(); ++i) checks.push_back(error(vehicle, ranges[i]));
  }
  std::printf(
      "range error: from data sheets alone median %.1f %%, p90 %.1f %%; as shipped over all published figures median "
      "%.1f "
      "%%, p90 %.1f %%; over those not calibrated to median %.1f %%\n",
      percentile(raw, 0.5) * 100, percentile(raw, 0.9) * 100, percentile(shipped, 0.5) * 100,
      percentile(shipped, 0.9) * 100, percentile(checks, 0.5) * 100);
  EXPECT_LE(percentile(raw, 0.5), 0.08);
  EXPECT_LE(percentile(raw, 0.9), 0.18);
  EXPECT_LE(percentile(shipped, 0.5), 0.08);
}

TEST(DrivingCycle, CalibrationsAreWhatTheirMethodGives) {
  for (const Vehicle& vehicle : vehicles()) {
    const Published range = published(vehicle).at(0);
    double low = 0.85, high = 1.2;
    for (int i = 0; i < 40; ++i) {
      Vehicle tried = vehicle;
      tried.calibration = (low + high) / 2;
      (*official_range_km(tried, range.kind, cycles()) > range.km ? low : high) = tried.calibration;
    }
    EXPECT_NEAR(vehicle.calibration, low, 0.006) << vehicle.id << ' ' << range.kind;
  }
}

TEST(DrivingCycle, CoastDownCoefficientsReplaceTheSum) {
  Vehicle sum = vehicles()[0], measured = sum;
  sum.calibration = measured.calibration = 1;
  const double mass = sum.mass_kg + 100;
  measured.road_load =
      RoadLoad{.a_n = sum.crr * mass * 9.81, .c_n_per_mps2 = 0.5 * 1.204 * sum.cda_m2, .mass_kg = mass};
  measured.cda_m2 = 5;
  measured.crr = 0.04;
  const RoadStretch road{.length_m = 1000, .speed_mps = 30, .climb_m = 3};
  EXPECT_NEAR(EnergyModel(sum, {}).battery_wh(road), EnergyModel(measured, {}).battery_wh(road), 1e-6);
}

TEST(DrivingCycle, SpeedingUpCostsAndBrakingGivesLess) {
  const EnergyModel model(vehicles()[0], {});
  RoadStretch even{.length_m = 500, .speed_mps = 20}, faster = even, slower = even;
  faster.speed_square_change = 200;
  slower.speed_square_change = -200;
  EXPECT_GT(model.battery_wh(faster), model.battery_wh(even));
  EXPECT_LT(model.battery_wh(slower), model.battery_wh(even));
  EXPECT_GT(model.battery_wh(faster) + model.battery_wh(slower), 2 * model.battery_wh(even));
}

TEST(DrivingCycle, ADriverWhoUsesMoreUsesMoreEverywhere) {
  const EnergyModel usual(vehicles()[0], {}), heavy(vehicles()[0], {.consumption_factor = 1.2});
  const RoadStretch flat{.length_m = 1000, .speed_mps = 25}, down{.length_m = 1000, .speed_mps = 25, .descent_m = 60};
  EXPECT_NEAR(heavy.battery_wh(flat) / usual.battery_wh(flat), 1.2, 0.02);
  EXPECT_GT(heavy.battery_wh(down), usual.battery_wh(down));
}

TEST(DrivingCycle, ABadLineIsNamed) {
  const auto pointer = [](std::string_view csv) {
    const auto read = read_cycles(csv);
    return read ? std::string("none") : read.error().fields.at(0).pointer;
  };
  EXPECT_EQ(pointer("cycle,second,kmh\nA,0,0\nA,1,10\n"), "none");
  EXPECT_EQ(pointer("cycle,kmh\n"), "/1");
  EXPECT_EQ(pointer("cycle,second,kmh\nA,0,0\nA,2,10\n"), "/3");
  EXPECT_EQ(pointer("cycle,second,kmh\nA,0,fast\n"), "/2");
  EXPECT_EQ(pointer("cycle,second,kmh\nA,0\n"), "/2");
}

}  // namespace
}  // namespace evc::ev
