#include "services/routing/api/polyline.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace evc::routing {
namespace {

// The other way round, as a map's client does it.
std::vector<Position> decoded(const std::string& text) {
  std::vector<Position> line;
  std::size_t at = 0;
  const auto next = [&] {
    std::int64_t value = 0;
    for (int shift = 0;; shift += 5) {
      const int chunk = text.at(at++) - 63;
      value |= static_cast<std::int64_t>(chunk & 31) << shift;
      if (chunk < 32) break;
    }
    return (value & 1) != 0 ? ~(value >> 1) : value >> 1;
  };
  std::int64_t lat = 0, lon = 0;
  while (at < text.size()) {
    lat += next();
    lon += next();
    line.push_back({static_cast<double>(lat) / 1e6, static_cast<double>(lon) / 1e6});
  }
  return line;
}

// The three points with which the algorithm is explained everywhere, with a sixth digit.
TEST(Polyline, AKnownLine) {
  const std::vector<Position> line = {{38.5, -120.2}, {40.7, -120.95}, {43.252, -126.453}};
  EXPECT_EQ(polyline6(line), "_izlhA~rlgdF_{geC~ywl@_kwzCn`{nI");
}

TEST(Polyline, WhatIsDecodedIsWhatWasEncoded) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> lat(-90, 90), lon(-180, 180);
  std::vector<Position> line;
  for (int i = 0; i < 1'000; ++i) line.push_back({lat(random), lon(random)});
  const auto again = decoded(polyline6(line));
  ASSERT_EQ(again.size(), line.size());
  for (std::size_t i = 0; i < line.size(); ++i) {
    EXPECT_NEAR(again[i].lat, line[i].lat, 6e-7);
    EXPECT_NEAR(again[i].lon, line[i].lon, 6e-7);
  }
  EXPECT_EQ(polyline6({}), "");
}

}  // namespace
}  // namespace evc::routing
