#include "services/routing/domain/geo.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace evc::routing {
namespace {

constexpr double kEarthRadiusM = 6'371'008.8;
constexpr double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

}  // namespace

std::string text_of(const Position& position) {
  const auto five = [](double degrees) {
    const std::string six = std::to_string(degrees);
    return six.substr(0, six.size() - 1);
  };
  return five(position.lat) + "," + five(position.lon);
}

double great_circle_m(const Position& a, const Position& b) {
  const double lat1 = radians(a.lat), lat2 = radians(b.lat);
  const double s1 = std::sin((lat2 - lat1) / 2), s2 = std::sin(radians(b.lon - a.lon) / 2);
  return 2 * kEarthRadiusM * std::asin(std::sqrt(std::min(1.0, s1 * s1 + std::cos(lat1) * std::cos(lat2) * s2 * s2)));
}

double bearing_radians(const Position& from, const Position& to) {
  return std::atan2((to.lon - from.lon) * std::cos(radians((from.lat + to.lat) / 2)), to.lat - from.lat);
}

Position between(const Position& a, const Position& b, double fraction) {
  return {a.lat + (b.lat - a.lat) * fraction, a.lon + (b.lon - a.lon) * fraction};
}

Projection project(const Position& p, const Position& a, const Position& b) {
  const double shrink = std::cos(radians(p.lat));
  const double bx = (b.lon - a.lon) * shrink, by = b.lat - a.lat;
  const double px = (p.lon - a.lon) * shrink, py = p.lat - a.lat;
  const double square = bx * bx + by * by;
  const double fraction = square > 0 ? std::clamp((px * bx + py * by) / square, 0.0, 1.0) : 0;
  return {fraction, great_circle_m(p, between(a, b, fraction))};
}

}  // namespace evc::routing
