// Positions on the earth and distances between them, good to 0.5 % (sphere). Pure values.
#pragma once

#include <string>

namespace evc::routing {

struct Position {
  double lat = 0;  // WGS 84 degrees
  double lon = 0;
  bool operator==(const Position&) const = default;
};

// "lat,lon", to a metre.
std::string text_of(const Position& position);
double great_circle_m(const Position& a, const Position& b);
// Clockwise from north.
double bearing_radians(const Position& from, const Position& to);
Position between(const Position& a, const Position& b, double fraction);

// The point of the segment a–b nearest to p, on the local plane; good for segments up to a few hundred kilometres.
struct Projection {
  double fraction = 0;  // 0 at a, 1 at b
  double distance_m = 0;
};
Projection project(const Position& p, const Position& a, const Position& b);

}  // namespace evc::routing
