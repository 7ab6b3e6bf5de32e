#include "kit/base/assert.hpp"

#include <gtest/gtest.h>

namespace evc {
namespace {

TEST(Assert, EndsTheProcessWithItsPlace) {
  EXPECT_DEATH(EVC_ASSERT(1 == 2), "assertion failed: 1 == 2 .*assert_test.cpp");
}

TEST(Assert, ABugIsCountedAndSurvived) {
  const auto before = bugs_reported();
  EVC_BUG("impossible state");
  EXPECT_EQ(bugs_reported(), before + 1);
}

}  // namespace
}  // namespace evc
