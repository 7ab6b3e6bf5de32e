// How ways are chosen on an imported network, and how fast they are driven. A course is a metric of the hierarchy: the
// fastest way, the thriftiest one, and two between that weigh energy against time; each of its ways is driven at a few
// speed caps. A drive's `way` is its course and its cap, or a way that one request found for itself (kFirstFoundWay and
// above).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "services/routing/domain/roads/route.hpp"

namespace evc::routing::imported {

constexpr std::array<double, 4> kCapsKmh = {130, 100, 90, 80};
// In this order: where the thriftiest way is the fastest one, no other course knows a better one.
constexpr std::uint32_t kFastest = 0, kThriftiest = 1, kCourses = 4;
constexpr std::uint32_t kFirstFoundWay = 1'000;

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

// Calls visit(course, route) for each way that differs from those before it; run(course) finds one, or nothing.
template <class Run, class Visit>
void each_course(Run&& run, Visit&& visit) {
  std::vector<roads::Route> found;
  for (std::uint32_t course = 0; course < kCourses; ++course) {
    std::optional<roads::Route> route = run(course);
    if (!route && course == kFastest) return;
    const bool again = !route || std::ranges::any_of(found, [&](const roads::Route& one) {
      return std::ranges::equal(one.steps, route->steps, {}, &roads::RouteStep::lane, &roads::RouteStep::lane);
    });
    if (again && route && course == kThriftiest) return;
    if (again) continue;
    visit(course, *route);
    found.push_back(std::move(*route));
  }
}

// Ways are chosen for a middle-class car in mild weather; how much a given car then takes is computed exactly.
ev::Vehicle usual_car();
// One metric per course, for the usual car.
std::vector<roads::Metric> course_metrics(const roads::RoadNetwork& network);

}  // namespace evc::routing::imported
