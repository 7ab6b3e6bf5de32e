// The provider's pages as text: sign-in, second step, consent, sign-out, and what is said when it cannot go on. Without
// script; each works at 320 pixels and by keyboard and screen reader alone. Pure; everything from elsewhere is escaped.
#pragma once

#include <string>
#include <vector>

#include "kit/http/languages.hpp"

namespace evc::auth_service {

enum class SignInProblem { kNone, kWrong, kWrongCode, kOtherAccount, kTooMany, kBusy };

struct SignInPage {
  http::Language language;
  std::string client_name;
  std::string flow;  // goes back with the answer
  std::string email;
  SignInProblem problem = SignInProblem::kNone;
};
std::string sign_in_page(const SignInPage& page);
// The same after the password was right.
std::string second_step_page(const SignInPage& page);

struct ConsentPage {
  http::Language language;
  std::string client_name, flow, email;
  std::string scope;
};
std::string consent_page(const ConsentPage& page);

// The question before a sign-out that nobody has proved to want.
std::string sign_out_page(http::Language language, const std::string& flow);
std::string signed_out_page(http::Language language);

enum class PageProblem { kUnknownClient, kUnknownRedirect, kBadRequest, kBadLogout, kOver, kBusy };
// `support` is what an operator finds the request by.
std::string problem_page(http::Language language, PageProblem problem, const std::string& support);

}  // namespace evc::auth_service
