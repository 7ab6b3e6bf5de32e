#include "services/routing/domain/imported/ideal_drives.hpp"

#include <gtest/gtest.h>

#include <random>

namespace evc::routing::imported {
namespace {

bool beats(const Drive& one, const Drive& other) {
  return one.seconds <= other.seconds && one.profile.in <= other.profile.in && one.profile.cost <= other.profile.cost &&
         one.profile.out >= other.profile.out;
}

// Its energy falls as its time rises, like that of the best ways.
Drive drive(double seconds, double wh, std::uint32_t way) {
  return {.seconds = seconds, .profile = {.in = wh, .cost = wh, .out = 8'000 - wh / 10}, .way = way};
}

TEST(IdealDrives, NoUnknownWayIsBetter) {
  std::mt19937_64 random(1);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  int held = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Drive> known;
    double seconds = 600, wh = 2'000;
    for (std::uint32_t course = 0; course < kCourses; ++course) {
      known.push_back(drive(seconds, wh, way_of(course, 2)));
      seconds += uniform(50, 300);
      wh -= uniform(50, 300);
    }
    // The battery of every second one does not hold what the fastest way takes.
    if (round % 2 == 0) known.front().profile = ev::Profile::impassable();
    const std::vector<Drive> ideal = ideal_drives(known);
    for (int i = 0; i < 30; ++i) {
      // No way is thriftier than the thriftiest, or faster than the fastest.
      const Drive unknown = drive(uniform(600, 1'800), uniform(known.back().profile.cost, 2'000), kFirstFoundWay);
      if (std::ranges::any_of(known, [&](const Drive& one) {
            return unknown.seconds < one.seconds &&
                   unknown.profile.cost < (one.profile.passable() ? one.profile.cost : 2'000);
          }))
        continue;
      ++held;
      EXPECT_TRUE(std::ranges::any_of(ideal, [&](const Drive& one) { return beats(one, unknown); }))
          << unknown.seconds << " s, " << unknown.profile.cost << " Wh";
    }
  }
  EXPECT_GT(held, 1'000);
}

TEST(IdealDrives, WhereOneWayIsKnownItIsTheIdeal) {
  const std::vector<Drive> known = {
      {.seconds = 100, .profile = {.in = 50, .cost = 50, .out = 900}, .way = way_of(0, 0)},
      {.seconds = 140, .profile = {.in = 40, .cost = 40, .out = 900}, .way = way_of(0, 2)}};
  const std::vector<Drive> ideal = ideal_drives(known);
  ASSERT_EQ(ideal.size(), 2U);
  EXPECT_EQ(ideal[0].way, way_of(0, 0));
  EXPECT_EQ(ideal[1].way, way_of(0, 2));
}

TEST(IdealDrives, WaysThatAreNearlyOneLeaveNoRoom) {
  const std::vector<Drive> near = {
      {.seconds = 1'000, .profile = {.in = 900, .cost = 900, .out = 8'000}, .way = way_of(0, 0)},
      {.seconds = 1'002, .profile = {.in = 700, .cost = 700, .out = 8'000}, .way = way_of(1, 0)}};
  for (const Drive& one : ideal_drives(near)) EXPECT_NE(one.way, kNobodysWay);
  std::vector<Drive> far = near;
  far[1].seconds = 1'100;
  const std::vector<Drive> ideal = ideal_drives(far);
  EXPECT_EQ(std::ranges::count(ideal, kNobodysWay, &Drive::way), 1);
}

}  // namespace
}  // namespace evc::routing::imported
