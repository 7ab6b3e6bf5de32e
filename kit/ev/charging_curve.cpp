#include "kit/ev/charging_curve.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace evc::ev {
namespace {

double interpolate(const CurvePoint& a, const CurvePoint& b, double soc) {
  return a.kw + (b.kw - a.kw) * (soc - a.soc) / (b.soc - a.soc);
}

// min(curve, limit) as a polyline with the crossings as points of their own.
std::vector<CurvePoint> limited(const std::vector<CurvePoint>& curve, double limit_kw) {
  std::vector<CurvePoint> points;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (i > 0 && (curve[i - 1].kw > limit_kw) != (curve[i].kw > limit_kw)) {
      const CurvePoint &a = curve[i - 1], &b = curve[i];
      const double soc = a.soc + (limit_kw - a.kw) / (b.kw - a.kw) * (b.soc - a.soc);
      if (soc > points.back().soc && soc < b.soc) points.push_back({soc, limit_kw});
    }
    points.push_back({curve[i].soc, std::min(curve[i].kw, limit_kw)});
  }
  return points;
}

// Points of a level stretch say nothing; a steep stretch gets its middle, so that the linear τ stays near the
// logarithm.
std::vector<CurvePoint> simplified(const std::vector<CurvePoint>& points) {
  std::vector<CurvePoint> kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool level =
        i > 0 && i + 1 < points.size() && points[i - 1].kw == points[i].kw && points[i].kw == points[i + 1].kw;
    if (level) continue;
    if (!kept.empty() && std::abs(points[i].kw - kept.back().kw) > 0.2 * std::max(points[i].kw, kept.back().kw)) {
      const CurvePoint a = kept.back();
      const double middle = (a.soc + points[i].soc) / 2;
      kept.push_back({middle, interpolate(a, points[i], middle)});
    }
    kept.push_back(points[i]);
  }
  return kept;
}

}  // namespace

double cold_share(double temperature_c) {
  constexpr CurvePoint kShares[] = {{-30, 0.2}, {-10, 0.4}, {0, 0.6}, {10, 0.82}, {20, 1}};
  if (temperature_c <= kShares[0].soc) return kShares[0].kw;
  for (std::size_t i = 1; i < std::size(kShares); ++i) {
    if (temperature_c <= kShares[i].soc) return interpolate(kShares[i - 1], kShares[i], temperature_c);
  }
  return 1;
}

ChargingCurve::ChargingCurve(const Vehicle& vehicle, double connector_kw, Current current, double temperature_c)
    : capacity_wh_(vehicle.usable_wh()),
      efficiency_(current == Current::kDc ? vehicle.dc_efficiency : vehicle.ac_efficiency) {
  // On AC the on-board charger is the limit, until the battery itself takes less near full.
  const double vehicle_kw = current == Current::kDc ? vehicle.dc_kw : vehicle.ac_kw;
  std::vector<CurvePoint> accepted = vehicle.curve;
  if (current == Current::kDc) {
    for (CurvePoint& point : accepted) point.kw = std::max(0.5, point.kw * cold_share(temperature_c));
  }
  power_ = simplified(limited(accepted, std::min(connector_kw, vehicle_kw)));
  double seconds = 0;
  breakpoints_.push_back({power_.front().soc, 0});
  for (std::size_t i = 1; i < power_.size(); ++i) {
    const CurvePoint &a = power_[i - 1], &b = power_[i];
    // ∫ dE / P with P linear in SoC: a logarithm, or a plain quotient where P is level.
    const double energy_wh = (b.soc - a.soc) * capacity_wh_ / efficiency_;
    const double mean_kw = std::abs(b.kw - a.kw) < 1e-9 * a.kw ? a.kw : (b.kw - a.kw) / std::log(b.kw / a.kw);
    seconds += energy_wh / 1000 / mean_kw * 3600;
    breakpoints_.push_back({b.soc, seconds});
  }
}

double ChargingCurve::power_kw(double soc) const {
  soc = std::clamp(soc, 0.0, 1.0);
  for (std::size_t i = 1; i < power_.size(); ++i) {
    if (soc <= power_[i].soc) return interpolate(power_[i - 1], power_[i], soc);
  }
  return power_.back().kw;
}

double ChargingCurve::seconds_from_empty(double soc) const {
  soc = std::clamp(soc, 0.0, 1.0);
  for (std::size_t i = 1; i < breakpoints_.size(); ++i) {
    const Breakpoint &a = breakpoints_[i - 1], &b = breakpoints_[i];
    if (soc <= b.soc) return a.seconds + (b.seconds - a.seconds) * (soc - a.soc) / (b.soc - a.soc);
  }
  return breakpoints_.back().seconds;
}

double ChargingCurve::soc_after(double soc, double seconds) const {
  const double until = seconds_from_empty(soc) + std::max(0.0, seconds);
  for (std::size_t i = 1; i < breakpoints_.size(); ++i) {
    const Breakpoint &a = breakpoints_[i - 1], &b = breakpoints_[i];
    if (until <= b.seconds) return a.soc + (b.soc - a.soc) * (until - a.seconds) / (b.seconds - a.seconds);
  }
  return 1;
}

double ChargingCurve::peak_kw(double from_soc, double to_soc) const {
  double peak = std::max(power_kw(from_soc), power_kw(to_soc));
  for (const CurvePoint& point : power_) {
    if (point.soc > from_soc && point.soc < to_soc) peak = std::max(peak, point.kw);
  }
  return peak;
}

double ChargingCurve::best_wh_per_second() const {
  double best = 0;
  for (std::size_t i = 1; i < breakpoints_.size(); ++i) {
    const Breakpoint &a = breakpoints_[i - 1], &b = breakpoints_[i];
    best = std::max(best, (b.soc - a.soc) * capacity_wh_ / (b.seconds - a.seconds));
  }
  return best;
}

}  // namespace evc::ev
