#include "services/routing/domain/roads/speed_slope.hpp"

#include <algorithm>
#include <cmath>

namespace evc::routing::roads {
std::uint8_t speed_class(double kmh) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(kmh / kSpeedStepKmh), 1L, long{kSpeedClasses}));
}

void SpeedSlopeHistogram::add(std::uint8_t speed_class, double slope, double length_m) {
  const double within = std::clamp(slope, kSlopeCentres.front(), kSlopeCentres.back());
  if (within != slope) length_m *= slope / within;
  int upper = 1;
  while (upper + 1 < kSlopeClasses && kSlopeCentres[upper] < within) ++upper;
  const double low = kSlopeCentres[upper - 1], high = kSlopeCentres[upper];
  const double share = (within - low) / (high - low);
  metres_[bin_of(speed_class, upper - 1)] += length_m * (1 - share);
  metres_[bin_of(speed_class, upper)] += length_m * share;
}

void SpeedSlopeHistogram::add_ferry(double length_m) {
  metres_[kFerryBin] += length_m;
}

std::vector<std::uint32_t> SpeedSlopeHistogram::packed() const {
  std::vector<std::uint32_t> packed;
  for (std::uint32_t bin = 0; bin < kBinCount; ++bin) {
    for (auto left = std::llround(metres_[bin] * 100); left > 0; left -= kMostCentimetres)
      packed.push_back(packed_bin(bin, static_cast<std::uint32_t>(std::min<long long>(left, kMostCentimetres))));
  }
  return packed;
}

}  // namespace evc::routing::roads
