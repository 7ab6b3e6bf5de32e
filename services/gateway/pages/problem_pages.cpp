#include "services/gateway/pages/problem_pages.hpp"

#include <fmt/format.h>

#include "kit/http/languages.hpp"
#include "kit/http/markup.hpp"

namespace evc::gateway {
namespace {

std::string_view text_of(const CodeInfo& row, http::Language language) {
  switch (language) {
    case http::Language::kEnglish:
      return row.text_en;
    case http::Language::kSpanish:
      return row.text_es;
    default:
      return row.text_pt_br;
  }
}

std::string page(const CodeInfo& row, http::Language language) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{} · EV-Costa</title></head>\n"
      "<body>\n<h1>{}</h1>\n<p>{}</p>\n<p><code>{} · HTTP {}</code></p>\n</body>\n</html>\n",
      http::language_tag(language), row.name, http::escape_markup(row.title),
      http::escape_markup(text_of(row, language)), row.name, row.status);
}

json::Value document(const CodeInfo& row, http::Language language) {
  return {{"code", row.name},
          {"status", row.status},
          {"title", row.title},
          {"retryable", row.retryable},
          {"language", http::language_tag(language)},
          {"text", text_of(row, language)}};
}

}  // namespace

http::Response problem_page(const Error& error, const RequestContext& context, const http::Request& request) {
  http::Response response = http::problem(error, context, request.path);
  if (http::choose_form(request.headers.get("Accept").value_or("")) != http::Form::kHtml) return response;
  const http::Language language = http::choose_language(request.headers.get("Accept-Language").value_or(""));
  response.body = page(info(error.code), language);
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Language", http::language_tag(language));
  return response;
}

Task<http::Response> explain_problem(RequestContext& context, http::Request& request) {
  const auto name = request.path_parameter("code");
  const auto code = name ? code_from_name(*name) : std::nullopt;
  if (!code) co_return http::problem({.code = Code::kNotFound}, context, request.path);
  const CodeInfo& row = info(*code);
  const http::Language language = http::choose_language(request.headers.get("Accept-Language").value_or(""));
  http::Response response;
  if (http::choose_form(request.headers.get("Accept").value_or("")) == http::Form::kHtml) {
    response = http::Response::text(200, page(row, language), "text/html; charset=utf-8");
  } else {
    response = http::Response::json(200, document(row, language));
  }
  response.headers.add("Content-Language", http::language_tag(language));
  response.headers.add("Cache-Control", "public, max-age=3600");
  response.headers.add("Vary", "Accept, Accept-Language");
  co_return response;
}

}  // namespace evc::gateway
