// What a person may be asked to grant, and what the pages say of it.
#include "services/auth/oidc/discovery.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "services/auth/pages/page_texts.hpp"

namespace evc::auth_service {
namespace {

TEST(Discovery, EveryScopeThatAPersonMayBeGrantedHasWordsInEveryLanguage) {
  std::istringstream scopes(every_scope());
  int count = 0;
  for (std::string scope; scopes >> scope; ++count) {
    for (const auto language : {http::Language::kPortuguese, http::Language::kEnglish, http::Language::kSpanish})
      EXPECT_FALSE(scope_text(scope, language).value_or("").empty()) << scope;
  }
  EXPECT_GT(count, 10);
}

}  // namespace
}  // namespace evc::auth_service
