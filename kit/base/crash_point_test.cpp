#include "kit/base/crash_point.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace evc {
namespace {

TEST(CrashPoint, AStepHasTheValueOfItsExpression) {
  const std::string text = EVC_STEP("test.value", std::string("as it is, ") + "longer than what fits in place");
  EXPECT_EQ(text, "as it is, longer than what fits in place");
}

TEST(CrashPoint, AValueThatOnlyMovesIsMoved) {
  const std::unique_ptr<int> one = EVC_STEP("test.move", std::make_unique<int>(1));
  EXPECT_EQ(*one, 1);
}

TEST(CrashPoint, AStepIsDoneOnce) {
  int done = 0;
  const int first = EVC_STEP("test.once", ++done);
  EVC_VOID_STEP("test.void", ++done);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(done, 2);
}

TEST(CrashPoint, AnIdIsTheNamesAndKnownWhenCompiled) {
  static_assert(CrashPoint<"test.id">::kId == crash_point_id("test.id"));
  static_assert(crash_point_id("test.id") != crash_point_id("test.idx"));
  EXPECT_EQ(crash_point_id(""), 0xcbf29ce484222325);
  EXPECT_EQ(crash_point_id("a"), 0xaf63dc4c8601ec8c);
}

}  // namespace
}  // namespace evc
