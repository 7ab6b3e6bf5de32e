#include "services/routing/domain/overlay/overlay.hpp"

#include <gtest/gtest.h>

namespace evc::routing {
namespace {

Drive drive(double seconds, double wh, std::uint32_t way) {
  return {.seconds = seconds, .profile = {.in = wh, .cost = wh, .out = 10'000}, .way = way};
}

TEST(Overlay, KeepsDrivesThatNoOtherBeats) {
  Overlay overlay(3);
  const std::vector<Drive> drives = {drive(30, 100, 1), drive(20, 150, 2), drive(25, 160, 3)};
  overlay.connect(0, 1, drives);
  ASSERT_EQ(overlay.leaving(0).size(), 1U);
  const auto kept = overlay.drives(overlay.leaving(0)[0]);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].way, 2U);
  EXPECT_EQ(kept[1].way, 1U);
  EXPECT_EQ(overlay.leaving(0)[0].least_cost, 100);
  EXPECT_TRUE(overlay.between(1, 0).empty());
}

TEST(Overlay, ACopyReplacesDrivesAndTheOthersStayAsTheyAre) {
  Overlay first(3);
  const std::vector<Drive> one = {drive(30, 100, 1)}, other = {drive(40, 90, 7)};
  first.connect(0, 1, one);
  first.connect(0, 2, other);
  Overlay second = first, third = first;
  second.replace(0, 1, {drive(10, 200, 2), drive(50, 80, 3)});
  third.replace(0, 1, {Drive{.profile = ev::Profile::impassable()}});
  EXPECT_EQ(first.between(0, 1).size(), 1U);
  ASSERT_EQ(second.between(0, 1).size(), 2U);
  EXPECT_EQ(second.between(0, 1)[0].way, 2U);
  EXPECT_EQ(second.arriving(1)[0].least_seconds, 10);
  EXPECT_EQ(second.drive_count(), 4U);
  EXPECT_TRUE(third.between(0, 1).empty());
  for (const Overlay* overlay : {&first, &second, &third}) {
    ASSERT_EQ(overlay->between(0, 2).size(), 1U);
    EXPECT_EQ(overlay->between(0, 2)[0].way, 7U);
    EXPECT_EQ(overlay->drives(overlay->arriving(2)[0])[0].way, 7U);
  }
  // A copy of a copy goes on from there.
  Overlay fourth = second;
  fourth.replace(0, 2, {drive(5, 5, 9)});
  EXPECT_EQ(fourth.between(0, 1)[1].way, 3U);
  EXPECT_EQ(fourth.between(0, 2)[0].way, 9U);
  EXPECT_EQ(second.between(0, 2)[0].way, 7U);
}

}  // namespace
}  // namespace evc::routing
