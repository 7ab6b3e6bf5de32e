#include "services/routing/domain/roads/hilbert.hpp"

#include <algorithm>
#include <utility>

namespace evc::routing::roads {
namespace {

// The place of a cell on a Hilbert curve over 2^16 × 2^16 cells.
std::uint32_t hilbert(std::uint32_t x, std::uint32_t y) {
  std::uint32_t place = 0;
  for (std::uint32_t side = 1U << 15U; side > 0; side /= 2) {
    const std::uint32_t right = (x & side) != 0 ? 1 : 0, upper = (y & side) != 0 ? 1 : 0;
    place += side * side * ((3 * right) ^ upper);
    if (upper == 0) {
      if (right == 1) {
        x = 0xffff - x;
        y = 0xffff - y;
      }
      std::swap(x, y);
    }
  }
  return place;
}

}  // namespace

std::uint32_t hilbert_key(Point point) {
  const auto cell = [](std::int32_t e7, double half) {
    return static_cast<std::uint32_t>(std::clamp((e7 / kE7 + half) / (2 * half) * 65'536, 0.0, 65'535.0));
  };
  return hilbert(cell(point.lon_e7, 180), cell(point.lat_e7, 90));
}

}  // namespace evc::routing::roads
