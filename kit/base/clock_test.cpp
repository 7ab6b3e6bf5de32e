#include "kit/base/clock.hpp"

#include <gtest/gtest.h>

namespace evc {
namespace {

std::string round_trip(std::string_view text) {
  const auto time = parse_rfc3339(text);
  return time ? format_rfc3339(*time) : "refused";
}

TEST(Clock, ParsesEveryOffset) {
  EXPECT_EQ(round_trip("2026-11-23T17:04:05.123Z"), "2026-11-23T17:04:05.123Z");
  EXPECT_EQ(round_trip("2026-11-23T14:04:05-03:00"), "2026-11-23T17:04:05.000Z");
  EXPECT_EQ(round_trip("2026-01-01T00:30:00+05:45"), "2025-12-31T18:45:00.000Z");
  EXPECT_EQ(round_trip("2024-02-29t23:59:59.9999999z"), "2024-02-29T23:59:59.999Z");
  EXPECT_EQ(round_trip("1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999Z");
}

TEST(Clock, KeepsMicroseconds) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.0000019Z")->time_since_epoch().count(), 1);
}

TEST(Clock, RefusesWhatIsNoTime) {
  for (const char* bad :
       {"", "2026-11-23", "2026-11-23T17:04:05", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T17:04:60Z", "2026-11-23T17:04:05.Z", "2026-11-23T17:04:05+3:00", "2026-11-23T17:04:05ZZ",
        "2026-11-23 17:04:05Z", "+026-11-23T17:04:05Z", "2026-11-23T17:04:05+0300"}) {
    EXPECT_EQ(round_trip(bad), "refused") << bad;
  }
}

TEST(Clock, TheSystemClockMoves) {
  const SteadyTime first = system_clock().steady();
  EXPECT_GE(system_clock().steady(), first);
  EXPECT_GT(system_clock().wall(), *parse_rfc3339("2025-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace evc
