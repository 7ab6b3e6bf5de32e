// Points of interest by cells of the map, for what lies near a point. Built once; refers to the network's array.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::imported {

class PoiGrid {
 public:
  explicit PoiGrid(std::span<const roads::Poi> pois);
  // Numbers of those within the distance, in no order.
  std::vector<std::uint32_t> within(const Position& position, double metres) const;

 private:
  static constexpr double kCellDegrees = 0.02;
  static std::int64_t key(std::int64_t row, std::int64_t column) { return row * 1'000'000 + column; }

  std::span<const roads::Poi> pois_;
  std::unordered_map<std::int64_t, std::vector<std::uint32_t>> cells_;
};

}  // namespace evc::routing::imported
