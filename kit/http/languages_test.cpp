#include "kit/http/languages.hpp"

#include <gtest/gtest.h>

namespace evc::http {
namespace {

TEST(Languages, BestQualityThatWeSpeak) {
  EXPECT_EQ(language_tag(choose_language("")), "pt-BR");
  EXPECT_EQ(language_tag(choose_language("en-GB,en;q=0.9")), "en");
  EXPECT_EQ(language_tag(choose_language("fr, es;q=0.5, en;q=0.4")), "es");
  EXPECT_EQ(language_tag(choose_language("en;q=0.2, pt;q=0.7")), "pt-BR");
  EXPECT_EQ(language_tag(choose_language("en;q=0, es;q=0.1")), "es");
  EXPECT_EQ(language_tag(choose_language("en;q=nonsense")), "pt-BR");
}

TEST(Languages, HtmlForBrowsersOnly) {
  EXPECT_EQ(choose_form("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), Form::kHtml);
  EXPECT_EQ(choose_form("*/*"), Form::kJson);
  EXPECT_EQ(choose_form(""), Form::kJson);
  EXPECT_EQ(choose_form("text/html;q=0.1, application/json"), Form::kJson);
}

}  // namespace
}  // namespace evc::http
