#include "kit/http/markup.hpp"

#include <gtest/gtest.h>

namespace evc::http {
namespace {

TEST(EscapeMarkup, NothingEndsItsElementOrItsAttribute) {
  EXPECT_EQ(escape_markup("\"><script>alert(1)</script>"), "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
}

TEST(EscapeMarkup, AnEntityInTheTextStaysText) {
  EXPECT_EQ(escape_markup("a &lt; b"), "a &amp;lt; b");
}

TEST(EscapeMarkup, EverythingElseStaysAsItIs) {
  EXPECT_EQ(escape_markup("São João d'Aliança · 12 %"), "São João d'Aliança · 12 %");
  EXPECT_EQ(escape_markup(""), "");
}

}  // namespace
}  // namespace evc::http
