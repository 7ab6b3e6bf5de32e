// Time to charge: the vehicle's power over SoC, limited by the connector, integrated to τ(SoC). τ is piecewise linear
// and exact at its breakpoints, which are those of the polyline, of the limit, and one in the middle of a stretch where
// the power falls by more than a fifth. No concavity is assumed. A cold battery takes less on DC. Immutable; one per
// (vehicle, connector power, current, temperature).
#pragma once

#include <vector>

#include "kit/ev/vehicle.hpp"

namespace evc::ev {

enum class Current { kAc, kDc };

// Share of its DC power that a battery of this temperature takes: all of it from 20 °C on, less below. Estimated: drawn
// through what owners report of cars without preheating; not measured.
double cold_share(double temperature_c);

class ChargingCurve {
 public:
  struct Breakpoint {
    double soc;
    double seconds;  // from SoC 0
  };
  ChargingCurve(const Vehicle& vehicle, double connector_kw, Current current, double temperature_c = kMildC);
  static constexpr double kMildC = 25;

  // At the plug, kW: min(vehicle at this SoC, connector).
  double power_kw(double soc) const;
  // τ; linear between breakpoints. SoC is clamped to [0, 1].
  double seconds_from_empty(double soc) const;
  // The inverse: where charging for `seconds` from `soc` ends (at most 1).
  double soc_after(double soc, double seconds) const;
  double seconds(double from_soc, double to_soc) const {
    return seconds_from_empty(to_soc) - seconds_from_empty(from_soc);
  }
  // Energy at the plug for a rise of the battery's SoC; what is metered and billed.
  double plug_wh(double from_soc, double to_soc) const { return (to_soc - from_soc) * capacity_wh_ / efficiency_; }
  double peak_kw(double from_soc, double to_soc) const;
  // The best battery gain anywhere on the curve: for lower bounds of charging time.
  double best_wh_per_second() const;
  const std::vector<Breakpoint>& breakpoints() const { return breakpoints_; }

 private:
  std::vector<CurvePoint> power_;  // effective, at the plug
  std::vector<Breakpoint> breakpoints_;
  double capacity_wh_, efficiency_;
};

}  // namespace evc::ev
