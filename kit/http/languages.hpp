// Which of our three languages, and which form, somebody gets (RFC 9110 §12.5). Pure.
#pragma once

#include <string_view>

namespace evc::http {

enum class Language { kPortuguese, kEnglish, kSpanish };

// pt-BR when nothing fits or nothing is said.
Language choose_language(std::string_view accept_language);
std::string_view language_tag(Language language);

enum class Form { kJson, kHtml };
// HTML for browsers, which ask for text/html before anything else; JSON for all others.
Form choose_form(std::string_view accept);

}  // namespace evc::http
