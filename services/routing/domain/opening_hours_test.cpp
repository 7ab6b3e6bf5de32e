#include "services/routing/domain/opening_hours.hpp"

#include <gtest/gtest.h>

#include <string>

namespace evc::routing {
namespace {

constexpr double kHour = 3'600, kDay = 24 * kHour;
enum Day { kMonday, kTuesday, kWednesday, kThursday, kFriday, kSaturday, kSunday };

bool open(const std::string& text, Day day, double hour, double minutes = 30) {
  const auto hours = OpeningHours::parse(text);
  EXPECT_TRUE(hours) << text;
  return hours && hours->open(static_cast<int>(day) * kDay + hour * kHour, minutes * 60);
}

TEST(OpeningHours, DaysAndTimes) {
  EXPECT_TRUE(open("24/7", kSunday, 23.9, 600));
  EXPECT_TRUE(open("Mo-Su", kSunday, 3));
  EXPECT_TRUE(open("08:00-18:00", kSunday, 8));
  EXPECT_FALSE(open("08:00-18:00", kSunday, 7.9));
  EXPECT_FALSE(open("08:00-18:00", kSunday, 17.8)) << "it closes while the car charges";
  EXPECT_TRUE(open("08:00-18:00", kSunday, 17.5, 30)) << "until the last minute";
  EXPECT_TRUE(open("Mo-Fr 08:00-12:00,13:00-18:00", kFriday, 14));
  EXPECT_FALSE(open("Mo-Fr 08:00-12:00,13:00-18:00", kFriday, 11.9));
  EXPECT_FALSE(open("Mo-Fr 08:00-18:00", kSaturday, 10));
  EXPECT_TRUE(open("Sa-Mo 08:00-18:00", kMonday, 10)) << "over the week's end";
  EXPECT_FALSE(open("Sa-Mo 08:00-18:00", kTuesday, 10));
  EXPECT_TRUE(open("Mo,We 08:00-18:00", kWednesday, 10));
}

TEST(OpeningHours, ALaterRuleCountsForItsDays) {
  const std::string text = "Mo-Su 08:00-22:00; Sa 10:00-14:00; Su off";
  EXPECT_TRUE(open(text, kFriday, 21));
  EXPECT_FALSE(open(text, kSaturday, 9));
  EXPECT_TRUE(open(text, kSaturday, 11));
  EXPECT_FALSE(open(text, kSunday, 12));
  EXPECT_TRUE(open("Mo-Fr 08:00-18:00; PH off", kFriday, 12)) << "holidays are not known";
}

TEST(OpeningHours, PastMidnightAndOverTheWeeksEnd) {
  EXPECT_TRUE(open("22:00-02:00", kTuesday, 1));
  EXPECT_TRUE(open("22:00-02:00", kMonday, 0.5)) << "Sunday's night";
  EXPECT_FALSE(open("22:00-02:00", kTuesday, 2.1));
  EXPECT_TRUE(open("00:00-24:00", kSunday, 23.5, 120)) << "one day after the other";
  EXPECT_TRUE(open("Sa 20:00-26:00", kSunday, 1));
}

TEST(OpeningHours, WhatIsNotUnderstoodIsNotKnown) {
  for (const char* text :
       {"", "sunrise-sunset", "Jan-Mar 08:00-18:00", "Mo-Fr 8-18", "Mo-Fr 08:00-18:00 || on call", "week 1-10",
        "Mo-Fr 08:00+", "08:00-18:60", "Mo[1] 08:00-18:00", "99:00-18:00", "\"by appointment\""})
    EXPECT_FALSE(OpeningHours::parse(text)) << text;
}

}  // namespace
}  // namespace evc::routing
