#include "kit/base/uuid.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace evc {
namespace {

class StoppedClock : public Clock {
 public:
  explicit StoppedClock(std::string_view time) : time_(*parse_rfc3339(time)) {}
  WallTime wall() const override { return time_; }
  SteadyTime steady() const override { return {}; }
  void set(std::string_view time) { time_ = *parse_rfc3339(time); }

 private:
  WallTime time_;
};

TEST(Uuid, Version7CarriesTheTime) {
  const StoppedClock clock("2022-02-22T19:22:22.000Z");
  const std::string text = to_string(uuid_v7(clock));
  // RFC 9562 appendix A.6: the same time.
  EXPECT_EQ(text.substr(0, 15), "017f22e2-79b0-7");
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos) << text;
}

TEST(Uuid, SortsInCallOrderEvenWhenTheClockStandsOrStepsBack) {
  StoppedClock clock("2026-11-23T12:00:00Z");
  Uuid last = uuid_v7(clock);
  for (int i = 0; i < 20'000; ++i) {
    if (i == 10'000) clock.set("2026-11-23T11:00:00Z");
    const Uuid next = uuid_v7(clock);
    ASSERT_LT(last, next) << i;
    last = next;
  }
}

TEST(Uuid, DoNotRepeat) {
  std::unordered_set<Uuid> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(uuid_v7());
  EXPECT_EQ(seen.size(), 10'000U);
}

// RFC 9562 appendix A.4.
TEST(Uuid, Version5IsStable) {
  const Uuid dns = *parse_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  EXPECT_EQ(to_string(uuid_v5(dns, "www.example.com")), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, ParsesTheCanonicalFormOnly) {
  const std::string text = "0198a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b";
  EXPECT_EQ(to_string(*parse_uuid(text)), text);
  EXPECT_EQ(to_string(*parse_uuid("0198A0B1-C2D3-7E4F-8A5B-6C7D8E9F0A1B")), text);
  for (const char* bad : {"", "0198a0b1c2d37e4f8a5b6c7d8e9f0a1b", "{0198a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b}",
                          "0198a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1g", "0198a0b-1c2d3-7e4f-8a5b-6c7d8e9f0a1b",
                          "0198a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b0"}) {
    EXPECT_FALSE(parse_uuid(bad)) << bad;
  }
}

}  // namespace
}  // namespace evc
