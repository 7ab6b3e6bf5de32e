#include "services/routing/domain/imported/poi_grid.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace evc::routing::imported {
namespace {

constexpr double kMetresPerDegree = 111'195;

}  // namespace

PoiGrid::PoiGrid(std::span<const roads::Poi> pois) : pois_(pois) {
  for (std::uint32_t i = 0; i < pois.size(); ++i) {
    const Position at = position_of(pois[i].point);
    cells_[key(std::lround(at.lat / kCellDegrees), std::lround(at.lon / kCellDegrees))].push_back(i);
  }
}

std::vector<std::uint32_t> PoiGrid::within(const Position& position, double metres) const {
  const double high = metres / kMetresPerDegree;
  const double wide = high / std::max(0.1, std::cos(position.lat * std::numbers::pi / 180));
  std::vector<std::uint32_t> found;
  for (auto row = std::lround((position.lat - high) / kCellDegrees);
       row <= std::lround((position.lat + high) / kCellDegrees); ++row) {
    for (auto column = std::lround((position.lon - wide) / kCellDegrees);
         column <= std::lround((position.lon + wide) / kCellDegrees); ++column) {
      const auto cell = cells_.find(key(row, column));
      if (cell == cells_.end()) continue;
      for (const std::uint32_t poi : cell->second) {
        if (great_circle_m(position_of(pois_[poi].point), position) <= metres) found.push_back(poi);
      }
    }
  }
  return found;
}

}  // namespace evc::routing::imported
