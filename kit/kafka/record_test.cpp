#include "kit/kafka/record.hpp"

#include <gtest/gtest.h>

namespace evc::kafka {
namespace {

TEST(Record, TheLastHeaderOfANameCounts) {
  const Record record{.headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}}};
  EXPECT_EQ(record.header("a"), "3");
  EXPECT_EQ(record.header("b"), "2");
  EXPECT_EQ(record.header("c"), std::nullopt);
}

}  // namespace
}  // namespace evc::kafka
