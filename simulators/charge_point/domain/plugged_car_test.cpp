#include "simulators/charge_point/domain/plugged_car.hpp"

#include <gtest/gtest.h>

namespace evc::charge_point {
namespace {

ev::Vehicle model() {
  return {.usable_kwh = 45,
          .ac_kw = 7,
          .dc_kw = 60,
          .connectors = {"CCS2"},
          .curve = {{0, 55}, {0.5, 60}, {0.8, 35}, {1, 5}}};
}

TEST(PluggedCar, EnergyAndStateOfChargeAgree) {
  const auto curve = std::make_shared<const ev::ChargingCurve>(model(), 60, ev::Current::kDc);
  PluggedCar car(curve, 0.2, 0.8);
  double taken_wh = 0;
  int minutes = 0;
  while (!car.is_satisfied()) {
    ASSERT_LT(++minutes, 120);
    EXPECT_LE(car.power_w(), 60'000);
    taken_wh += car.advance(60);
  }
  EXPECT_NEAR(taken_wh, 0.6 * 45'000 / 0.95, 1e-3) << "at the plug, with the loss of charging";
  EXPECT_NEAR(car.soc(), 0.8, 1e-9);
  EXPECT_GE(minutes, 27) << "60 kW cannot give it faster";
  EXPECT_EQ(car.power_w(), 0);
  EXPECT_EQ(car.advance(60), 0);
}

TEST(PluggedCar, ALargeBatteryTakesLongerAtTheSamePower) {
  const auto curve = std::make_shared<const ev::ChargingCurve>(model(), 60, ev::Current::kDc);
  PluggedCar car(curve, 0.2, 0.8);
  PluggedCar bus(curve, 0.2, 0.8, 8);
  EXPECT_DOUBLE_EQ(bus.power_w(), car.power_w());
  EXPECT_NEAR(bus.advance(60), car.advance(60), 5) << "the curve moves on more slowly";
  double taken_wh = 0;
  PluggedCar other(curve, 0.2, 0.8, 8);
  for (int minute = 0; minute < 2'000 && !other.is_satisfied(); ++minute) taken_wh += other.advance(60);
  EXPECT_NEAR(taken_wh, 8 * 0.6 * 45'000 / 0.95, 1e-2);
}

TEST(PluggedCar, AFullCarTakesNothing) {
  const auto curve = std::make_shared<const ev::ChargingCurve>(model(), 60, ev::Current::kDc);
  PluggedCar car(curve, 0.9, 0.8);
  EXPECT_TRUE(car.is_satisfied());
  EXPECT_EQ(car.advance(60), 0);
  EXPECT_DOUBLE_EQ(car.soc(), 0.9);
}

}  // namespace
}  // namespace evc::charge_point
