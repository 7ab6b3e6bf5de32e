#include "simulators/charge_point/domain/plugged_car.hpp"

#include <algorithm>

namespace evc::charge_point {

bool PluggedCar::is_satisfied() const {
  constexpr double kTolerance = 1e-9;
  return soc_ >= target_soc_ - kTolerance;
}

double PluggedCar::advance(double seconds) {
  const double before = soc_;
  soc_ = std::max(before, std::min(target_soc_, curve_->soc_after(before, seconds / batteries_)));
  return curve_->plug_wh(before, soc_) * batteries_;
}

double PluggedCar::power_w() const {
  return is_satisfied() ? 0 : curve_->power_kw(soc_) * 1000;
}

}  // namespace evc::charge_point
