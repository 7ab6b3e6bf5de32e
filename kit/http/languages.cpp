#include "kit/http/languages.hpp"

#include "kit/http/quality_list.hpp"

namespace evc::http {

Language choose_language(std::string_view accept_language) {
  for (const Choice& choice : choices_of(accept_language)) {
    const std::string primary = choice.name.substr(0, choice.name.find('-'));
    if (primary == "pt" || primary == "*") return Language::kPortuguese;
    if (primary == "en") return Language::kEnglish;
    if (primary == "es") return Language::kSpanish;
  }
  return Language::kPortuguese;
}

std::string_view language_tag(Language language) {
  switch (language) {
    case Language::kEnglish:
      return "en";
    case Language::kSpanish:
      return "es";
    default:
      return "pt-BR";
  }
}

Form choose_form(std::string_view accept) {
  for (const Choice& choice : choices_of(accept)) {
    if (choice.name == "text/html" || choice.name == "application/xhtml+xml") return Form::kHtml;
    if (choice.name == "application/json" || choice.name == "application/problem+json" || choice.name == "*/*")
      return Form::kJson;
  }
  return Form::kJson;
}

}  // namespace evc::http
