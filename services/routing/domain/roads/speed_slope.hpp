// What a lane asks of a car, whatever the car: centimetres per (speed class, slope class). A vehicle in some weather is
// a rate per class (energy_rates.hpp), and its energy over a lane is a dot product. A stretch's slope is shared out
// between the two neighbouring class centres, so that its rise or fall stays exact; a stretch steeper than the
// outermost centre counts as a longer one of that slope. Heights are therefore conserved and no round trip can gain
// energy. Upwards energy is linear in the slope and needs no classes between; downwards they lie around the slopes at
// which a car begins to give back. Ferries have a class of their own: they take time and no energy.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace evc::routing::roads {

constexpr int kSpeedStepKmh = 5;
constexpr int kSpeedClasses = 28;  // 5, 10 … 140 km/h
constexpr std::array<double, 9> kSlopeCentres = {-0.35, -0.15, -0.08, -0.05, -0.035, -0.025, -0.015, 0, 0.35};
constexpr int kSlopeClasses = static_cast<int>(kSlopeCentres.size());
constexpr std::uint32_t kFerryBin = kSpeedClasses * kSlopeClasses;
constexpr std::uint32_t kBinCount = kFerryBin + 1;

// Speed classes count from 1, so that 0 can mean closed.
std::uint8_t speed_class(double kmh);
constexpr double kmh_of_class(std::uint8_t speed_class) {
  return speed_class * double{kSpeedStepKmh};
}
constexpr std::uint32_t bin_of(std::uint8_t speed_class, int slope_class) {
  return static_cast<std::uint32_t>((speed_class - 1) * kSlopeClasses + slope_class);
}
constexpr std::uint8_t speed_class_of_bin(std::uint32_t bin) {
  return static_cast<std::uint8_t>(bin / kSlopeClasses + 1);
}
constexpr double slope_of_bin(std::uint32_t bin) {
  return kSlopeCentres[bin % kSlopeClasses];
}

// A packed entry: the bin in the upper 8 bits, centimetres below. What is longer than 167 km stands in several entries.
constexpr std::uint32_t kMostCentimetres = 0xff'ffff;
constexpr std::uint32_t packed_bin(std::uint32_t bin, std::uint32_t centimetres) {
  return bin << 24U | centimetres;
}
constexpr std::uint32_t bin_in(std::uint32_t packed) {
  return packed >> 24U;
}
constexpr double metres_in(std::uint32_t packed) {
  return (packed & kMostCentimetres) / 100.0;
}
// At free flow; a ferry's time is not in its length.
constexpr double seconds_in(std::uint32_t packed) {
  return bin_in(packed) == kFerryBin ? 0 : metres_in(packed) * 3.6 / kmh_of_class(speed_class_of_bin(bin_in(packed)));
}

// Adds up the stretches of one lane.
class SpeedSlopeHistogram {
 public:
  void add(std::uint8_t speed_class, double slope, double length_m);
  void add_ferry(double length_m);
  // In the order of the bins, without empty ones.
  std::vector<std::uint32_t> packed() const;

 private:
  std::array<double, kBinCount> metres_{};
};

}  // namespace evc::routing::roads
