#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

#include "kit/ev/charging_curve.hpp"
#include "kit/ev/energy_model.hpp"
#include "kit/ev/vehicle.hpp"

namespace evc::ev {
namespace {

std::vector<Vehicle> shipped() {
  std::ifstream file("data/vehicles.json");
  std::stringstream text;
  text << file.rdbuf();
  auto vehicles = read_vehicles(text.str());
  EXPECT_TRUE(vehicles) << (vehicles ? "" : vehicles.error().detail);
  return vehicles.value_or(std::vector<Vehicle>{});
}

Vehicle dolphin() {
  return shipped().at(0);
}

TEST(Vehicles, TheShippedListIsValid) {
  EXPECT_GE(shipped().size(), 12u);
}

TEST(Vehicles, ABadCurveIsRefusedWithItsPointer) {
  Vehicle vehicle = dolphin();
  vehicle.curve[2].soc = 0.01;
  const auto outcome = vehicle.check();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().fields.at(0).pointer, "/curve/2");
  vehicle = dolphin();
  vehicle.mass_kg = std::nan("");
  EXPECT_FALSE(vehicle.check());
}

TEST(EnergyModel, FlatMotorwayIsNearTheOfficialConsumption) {
  for (const Vehicle& vehicle : shipped()) {
    if (vehicle.range_km == 0) continue;
    const EnergyModel model(vehicle, {.temperature_c = 22});
    const double wh_per_km = model.battery_wh({.length_m = 1000, .speed_mps = 95 / 3.6});
    const double official = vehicle.usable_wh() / vehicle.range_km;
    EXPECT_GT(wh_per_km / official, 0.60) << vehicle.id << ' ' << wh_per_km << " against " << official;
    EXPECT_LT(wh_per_km / official, 1.15) << vehicle.id << ' ' << wh_per_km << " against " << official;
  }
}

TEST(EnergyModel, PhysicsPointTheRightWay) {
  const EnergyModel model(dolphin(), {});
  const RoadStretch flat{.length_m = 10'000, .speed_mps = 25};
  RoadStretch fast = flat, up = flat, down = flat, high = flat;
  fast.speed_mps = 30;
  up.climb_m = 500;
  down.descent_m = 500;
  high.elevation_m = 1500;
  EXPECT_GT(model.battery_wh(fast), model.battery_wh(flat));
  EXPECT_GT(model.battery_wh(up), model.battery_wh(flat));
  EXPECT_LT(model.battery_wh(down), model.battery_wh(flat));
  EXPECT_LT(model.battery_wh(high), model.battery_wh(flat));
  // Up and down again never gives energy.
  EXPECT_GT(model.battery_wh(up) + model.battery_wh(down), 2 * model.battery_wh(flat) * 0.999);
  RoadStretch windy = flat;
  windy.headwind_mps = 5;
  EXPECT_GT(model.battery_wh(windy), model.battery_wh(flat));
  const EnergyModel cold(dolphin(), {.temperature_c = 0});
  EXPECT_GT(cold.battery_wh(flat), model.battery_wh(flat));
}

TEST(Profile, CompositionEqualsDrivingStepByStep) {
  const EnergyModel model(dolphin(), {});
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> energy(-9000, 14'000), start(0, model.capacity_wh());
  for (int round = 0; round < 5000; ++round) {
    std::vector<Profile> parts;
    Profile whole = model.profile_of(energy(random));
    parts.push_back(whole);
    for (int i = 0; i < 5; ++i) {
      parts.push_back(model.profile_of(energy(random)));
      whole = whole.then(parts.back());
    }
    double stored = start(random);
    const double before = stored;
    bool passes = true;
    for (const Profile& part : parts) {
      if (stored < part.in) {
        passes = false;
        break;
      }
      stored = std::min(part.out, stored - part.cost);
    }
    ASSERT_EQ(passes, before >= whole.in) << round;
    if (passes) {
      ASSERT_NEAR(stored, std::min(whole.out, before - whole.cost), 1e-6) << round;
    }
  }
}

TEST(ChargingCurve, BreakpointsAreExactAgainstNumericalIntegration) {
  const Vehicle vehicle = dolphin();
  for (const double kw : {22.0, 50.0, 150.0}) {
    const ChargingCurve curve(vehicle, kw, Current::kDc);
    double seconds = 0, soc = 0;
    constexpr double kStep = 1e-6;
    for (const auto& point : curve.breakpoints()) {
      for (; soc < point.soc - kStep / 2; soc += kStep) {
        seconds +=
            kStep * vehicle.usable_wh() / vehicle.dc_efficiency / (curve.power_kw(soc + kStep / 2) * 1000) * 3600;
      }
      ASSERT_NEAR(point.seconds, seconds, 0.05) << kw << " kW at " << point.soc;
    }
  }
}

TEST(ChargingCurve, TimeRisesAndInverts) {
  const ChargingCurve curve(dolphin(), 60, Current::kDc);
  for (double soc = 0; soc < 0.99; soc += 0.01) {
    EXPECT_LT(curve.seconds_from_empty(soc), curve.seconds_from_empty(soc + 0.01));
    EXPECT_NEAR(curve.soc_after(0.0, curve.seconds_from_empty(soc)), soc, 1e-9);
  }
  // 30 to 80 % of 44.9 kWh on 60 kW takes about half an hour.
  EXPECT_NEAR(curve.seconds(0.3, 0.8), 1800, 300);
}

TEST(ChargingCurve, MoreConnectorPowerIsNeverSlower) {
  for (const Vehicle& vehicle : shipped()) {
    double before = 1e9;
    for (double kw = 10; kw < 400; kw += 10) {
      const double seconds = ChargingCurve(vehicle, kw, Current::kDc).seconds(0.1, 0.8);
      EXPECT_LE(seconds, before * 1.005) << vehicle.id << ' ' << kw;
      before = seconds;
    }
  }
}

TEST(ChargingCurve, AColdBatteryTakesLess) {
  double before = 0;
  for (const double temperature : {-40.0, -15.0, 0.0, 5.0, 15.0, 20.0, 35.0}) {
    EXPECT_GE(cold_share(temperature), before);
    before = cold_share(temperature);
  }
  EXPECT_EQ(before, 1);
  const ChargingCurve mild(dolphin(), 60, Current::kDc), cold(dolphin(), 60, Current::kDc, -5);
  EXPECT_GT(cold.seconds(0.2, 0.7), 1.4 * mild.seconds(0.2, 0.7));
  const ChargingCurve mild_ac(dolphin(), 7, Current::kAc), cold_ac(dolphin(), 7, Current::kAc, -5);
  EXPECT_EQ(cold_ac.seconds(0.2, 0.7), mild_ac.seconds(0.2, 0.7));
}

TEST(ChargingCurve, AcIsLimitedByTheOnBoardCharger) {
  const ChargingCurve curve(dolphin(), 22, Current::kAc);
  EXPECT_DOUBLE_EQ(curve.power_kw(0.5), 6.6);
  EXPECT_GT(curve.plug_wh(0.2, 0.8), 0.6 * dolphin().usable_wh());
}

}  // namespace
}  // namespace evc::ev
