// How ways are chosen on an imported network, and how fast they are driven. A course is a metric of the hierarchy: the
// fastest way, and two that weigh energy against time; each of its ways is driven at a few speed caps. A drive's `way`
// is its course and its cap.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "services/routing/domain/roads/hierarchy.hpp"

namespace evc::routing::imported {

constexpr std::array<double, 4> kCapsKmh = {130, 100, 90, 80};
constexpr std::uint32_t kCourses = 3;

constexpr std::uint32_t way_of(std::uint32_t course, std::uint32_t cap) {
  return course * static_cast<std::uint32_t>(kCapsKmh.size()) + cap;
}
constexpr std::uint32_t course_of(std::uint32_t way) {
  return way / static_cast<std::uint32_t>(kCapsKmh.size());
}
constexpr std::uint32_t cap_of(std::uint32_t way) {
  return way % static_cast<std::uint32_t>(kCapsKmh.size());
}
// The caps that make a difference under a driver's own limit: the first one, lowered to it, and those below.
std::vector<std::uint32_t> caps_below(double max_speed_kmh);

// Ways are chosen for a middle-class car in mild weather; how much a given car then takes is computed exactly.
ev::Vehicle usual_car();
// One metric per course, for the usual car.
std::vector<roads::Metric> course_metrics(const roads::RoadNetwork& network);

}  // namespace evc::routing::imported
