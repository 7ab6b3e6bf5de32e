#include "services/auth/pages/pages.hpp"

#include <fmt/format.h>

#include "kit/http/markup.hpp"
#include "services/auth/pages/page_texts.hpp"

namespace evc::auth_service {
namespace {

using http::escape_markup;

std::string document(http::Language language, std::string_view title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"robots\" content=\"noindex\">\n<title>{} · EV-Costa</title>\n"
      "<link rel=\"icon\" href=\"/oauth2/assets/logo.svg\" type=\"image/svg+xml\">\n"
      "<link rel=\"stylesheet\" href=\"/oauth2/assets/pages.css\">\n</head>\n<body>\n<main>\n"
      "<div class=\"brand\"><img src=\"/oauth2/assets/logo.svg\" alt=\"\" width=\"40\" height=\"40\">EV-Costa</div>\n"
      "{}</main>\n</body>\n</html>\n",
      http::language_tag(language), escape_markup(title), body);
}

std::string with_name(std::string_view text, const std::string& name) {
  return fmt::format(fmt::runtime(text), "<strong>" + escape_markup(name) + "</strong>");
}

std::string_view words_of(SignInProblem problem, const PageTexts& texts) {
  switch (problem) {
    case SignInProblem::kWrong:
      return texts.wrong;
    case SignInProblem::kWrongCode:
      return texts.wrong_code;
    case SignInProblem::kOtherAccount:
      return texts.other_account;
    case SignInProblem::kTooMany:
      return texts.too_many;
    case SignInProblem::kBusy:
      return texts.busy;
    case SignInProblem::kNone:
      break;
  }
  return "";
}

// Read out at once; the fields that it is about refer to it.
std::string problem_box(SignInProblem problem, const PageTexts& texts) {
  if (problem == SignInProblem::kNone) return "";
  return fmt::format("<div class=\"problem\" id=\"problem\" role=\"alert\">{}</div>\n", words_of(problem, texts));
}

std::string_view invalid(SignInProblem problem) {
  const bool of_fields = problem == SignInProblem::kWrong || problem == SignInProblem::kWrongCode ||
                         problem == SignInProblem::kOtherAccount;
  return of_fields ? " aria-invalid=\"true\" aria-describedby=\"problem\"" : "";
}

std::string form(std::string_view action, const std::string& flow, const std::string& fields) {
  return fmt::format(
      "<form method=\"post\" action=\"{}\">\n<input type=\"hidden\" name=\"flow\" value=\"{}\">\n{}</form>\n", action,
      escape_markup(flow), fields);
}

}  // namespace

std::string sign_in_page(const SignInPage& page) {
  const PageTexts& texts = texts_in(page.language);
  // Whoever has typed an address goes on with the password.
  const std::string_view in_email = page.email.empty() ? " autofocus" : "";
  const std::string_view in_password = page.email.empty() ? "" : " autofocus";
  const std::string fields = fmt::format(
      "<div class=\"field\"><label for=\"email\">{}</label>\n"
      "<input id=\"email\" name=\"email\" type=\"email\" value=\"{}\" autocomplete=\"username\" "
      "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"254\" required{}{}></div>\n"
      "<div class=\"field\"><label for=\"password\">{}</label>\n"
      "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" maxlength=\"512\" "
      "required{}{}></div>\n<button type=\"submit\">{}</button>\n",
      texts.email, escape_markup(page.email), invalid(page.problem), in_email, texts.password, invalid(page.problem),
      in_password, texts.enter);
  return document(page.language, texts.sign_in,
                  fmt::format("<h1>{}</h1>\n<p class=\"lead\">{}</p>\n{}{}", texts.sign_in,
                              with_name(texts.to_continue_to, page.client_name), problem_box(page.problem, texts),
                              form("/oauth2/sign-in", page.flow, fields)));
}

std::string second_step_page(const SignInPage& page) {
  const PageTexts& texts = texts_in(page.language);
  const std::string_view described =
      page.problem == SignInProblem::kNone ? " aria-describedby=\"hint\"" : " aria-describedby=\"problem hint\"";
  const std::string_view marked = page.problem == SignInProblem::kWrongCode ? " aria-invalid=\"true\"" : "";
  const std::string fields = fmt::format(
      "<div class=\"field\"><label for=\"code\">{}</label>\n"
      "<input class=\"code\" id=\"code\" name=\"code\" type=\"text\" autocomplete=\"one-time-code\" "
      "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\" required autofocus{}{}>\n"
      "<p class=\"hint\" id=\"hint\">{}</p></div>\n<button type=\"submit\">{}</button>\n",
      texts.code, described, marked, texts.code_hint, texts.confirm);
  return document(
      page.language, texts.second_step,
      fmt::format("<h1>{}</h1>\n<p class=\"lead person\">{}</p>\n{}{}", texts.second_step, escape_markup(page.email),
                  problem_box(page.problem, texts), form("/oauth2/sign-in", page.flow, fields)));
}

std::string consent_page(const ConsentPage& page) {
  const PageTexts& texts = texts_in(page.language);
  std::string grants;
  std::string_view rest = page.scope;
  while (!rest.empty()) {
    const auto space = rest.find(' ');
    const std::string_view scope = rest.substr(0, space);
    // Nothing is granted that is not shown.
    const auto words = scope_text(scope, page.language);
    grants += fmt::format("<li>{}</li>\n", words ? std::string(*words) : escape_markup(std::string(scope)));
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
  const std::string buttons = fmt::format(
      "<button type=\"submit\" name=\"decision\" value=\"allow\">{}</button>\n"
      "<button class=\"second\" type=\"submit\" name=\"decision\" value=\"deny\">{}</button>\n",
      texts.allow, texts.deny);
  return document(page.language, texts.allow,
                  fmt::format("<h1>{}</h1>\n<p class=\"lead person\">{} {}</p>\n<p id=\"note\">{}</p>\n"
                              "<ul class=\"grants\" aria-labelledby=\"note\">\n{}</ul>\n{}",
                              with_name(texts.wants, page.client_name), texts.signed_in_as, escape_markup(page.email),
                              texts.consent_note, grants, form("/oauth2/consent", page.flow, buttons)));
}

std::string sign_out_page(http::Language language, const std::string& flow) {
  const PageTexts& texts = texts_in(language);
  return document(language, texts.sign_out,
                  fmt::format("<h1>{}</h1>\n<p class=\"lead\">{}</p>\n{}", texts.sign_out, texts.sign_out_question,
                              form("/oauth2/logout/confirm", flow,
                                   fmt::format("<button type=\"submit\">{}</button>\n", texts.sign_out_yes))));
}

std::string signed_out_page(http::Language language) {
  const PageTexts& texts = texts_in(language);
  return document(language, texts.signed_out,
                  fmt::format("<h1>{}</h1>\n<p class=\"lead\">{}</p>\n", texts.signed_out, texts.signed_out_note));
}

std::string problem_page(http::Language language, PageProblem problem, const std::string& support) {
  const PageTexts& texts = texts_in(language);
  std::string_view words;
  switch (problem) {
    case PageProblem::kUnknownClient:
      words = texts.unknown_client;
      break;
    case PageProblem::kUnknownRedirect:
      words = texts.unknown_redirect;
      break;
    case PageProblem::kBadRequest:
      words = texts.bad_request;
      break;
    case PageProblem::kBadLogout:
      words = texts.bad_logout;
      break;
    case PageProblem::kOver:
      words = texts.over;
      break;
    case PageProblem::kBusy:
      words = texts.busy;
      break;
  }
  return document(language, texts.cannot_go_on,
                  fmt::format("<h1>{}</h1>\n<p class=\"lead\">{}</p>\n<p class=\"small\">{} <code>{}</code></p>\n",
                              texts.cannot_go_on, words, texts.support, escape_markup(support)));
}

}  // namespace evc::auth_service
