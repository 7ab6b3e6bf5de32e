// The car that hangs on a connector: where its battery stands and what it takes by its charging curve (kit/ev). The
// metered energy is exactly that of the rise in state of charge, so that register, power and SoC in meter values always
// agree. A value; simulated time is passed in.
#pragma once

#include <memory>

#include "kit/ev/charging_curve.hpp"

namespace evc::charge_point {

class PluggedCar {
 public:
  // `batteries`: how many times as large as the model's its battery is, at the same power (a bus).
  PluggedCar(std::shared_ptr<const ev::ChargingCurve> curve, double soc, double target_soc, double batteries = 1)
      : curve_(std::move(curve)), soc_(soc), target_soc_(target_soc), batteries_(batteries) {}

  // Charges for `seconds` and returns the energy at the plug in Wh; stops exactly at the target.
  double advance(double seconds);
  double power_w() const;
  double soc() const { return soc_; }
  bool is_satisfied() const;

 private:
  std::shared_ptr<const ev::ChargingCurve> curve_;
  double soc_;
  double target_soc_;
  double batteries_;
};

}  // namespace evc::charge_point
