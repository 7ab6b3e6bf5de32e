#include "kit/messaging/plain_text.hpp"

#include <gtest/gtest.h>

namespace evc::messaging {
namespace {

TEST(PlainText, KeepsWhatIsText) {
  EXPECT_EQ(plain_text("São Paulo \\ \n"), "São Paulo \\ \n");
  EXPECT_EQ(plain_text(""), "");
}

TEST(PlainText, EscapesWhatIsNot) {
  EXPECT_EQ(plain_text(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(plain_text("a\xff\\\xc3\xa3"), "a\\xff\\x5c\\xc3\\xa3");
}

TEST(PlainText, IsCutBetweenCharacters) {
  EXPECT_EQ(plain_text("aã", 3), "aã");
  EXPECT_EQ(plain_text("aã", 2), "a");
  EXPECT_EQ(plain_text("abc", 2), "ab");
}

}  // namespace
}  // namespace evc::messaging
