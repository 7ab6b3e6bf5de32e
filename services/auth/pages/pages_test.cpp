// The provider's pages: nothing from elsewhere becomes markup, every language says everything, no page has a script.
#include "services/auth/pages/pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "services/auth/pages/page_texts.hpp"

namespace evc::auth_service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostile = "\"><script>alert(1)</script>";
constexpr std::array kLanguages{http::Language::kPortuguese, http::Language::kEnglish, http::Language::kSpanish};

std::vector<std::string> every_page(http::Language language) {
  std::vector<std::string> pages{sign_out_page(language, kHostile), signed_out_page(language),
                                 problem_page(language, PageProblem::kOver, kHostile),
                                 consent_page({language, kHostile, kHostile, kHostile, "openid profile"})};
  for (const auto problem : {SignInProblem::kNone, SignInProblem::kWrong, SignInProblem::kWrongCode,
                             SignInProblem::kOtherAccount, SignInProblem::kTooMany, SignInProblem::kBusy}) {
    pages.push_back(sign_in_page({language, kHostile, kHostile, kHostile, problem}));
    pages.push_back(second_step_page({language, kHostile, kHostile, kHostile, problem}));
  }
  return pages;
}

TEST(Pages, NothingFromElsewhereBecomesMarkupAndNothingIsScript) {
  for (const auto language : kLanguages) {
    for (const std::string& page : every_page(language)) {
      EXPECT_THAT(page, Not(HasSubstr("<script")));
      EXPECT_THAT(page, Not(HasSubstr("style=")));
      EXPECT_THAT(page, Not(HasSubstr("javascript")));
      EXPECT_THAT(page, HasSubstr("<html lang=\"" + std::string(http::language_tag(language)) + "\">"));
      EXPECT_THAT(page, Not(HasSubstr("{}")));
    }
  }
}

TEST(Pages, APersonLearnsWhatIsWrongAndTheFieldsSaySo) {
  const std::string page =
      sign_in_page({http::Language::kEnglish, "Console", "f", "ana@correio.example", SignInProblem::kWrong});
  EXPECT_THAT(page, HasSubstr("role=\"alert\">E-mail or password are not right"));
  EXPECT_THAT(page, HasSubstr("aria-describedby=\"problem\""));
  EXPECT_THAT(page, HasSubstr("value=\"ana@correio.example\""));
  EXPECT_THAT(sign_in_page({http::Language::kEnglish, "Console", "f", "", SignInProblem::kNone}),
              Not(HasSubstr("role=\"alert\"")));
}

TEST(Pages, ConsentNamesEveryScopeInWords) {
  const std::string page = consent_page(
      {http::Language::kPortuguese, "Planilha", "f", "ana@correio.example", "openid email charging:write"});
  EXPECT_THAT(page, HasSubstr("<strong>Planilha</strong> quer acessar"));
  EXPECT_THAT(page, HasSubstr("ver o seu e-mail"));
  EXPECT_THAT(page, HasSubstr("que são cobradas de você"));
  EXPECT_THAT(page, HasSubstr("value=\"deny\""));
}

TEST(Pages, AScopeWithoutWordsIsShownByItsName) {
  EXPECT_THAT(consent_page({http::Language::kEnglish, "Sheet", "f", "ana@correio.example", "openid new:scope"}),
              HasSubstr("<li>new:scope</li>"));
}

}  // namespace
}  // namespace evc::auth_service
