#include "services/auth/oidc/browser.hpp"

#include <algorithm>

#include "kit/base/bytes.hpp"
#include "kit/http/operation.hpp"
#include "services/auth/api/oauth_answers.hpp"
#include "services/auth/domain/authorization.hpp"
#include "services/auth/domain/device.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kMarkCookie = "__Host-evcosta-page";
constexpr std::string_view kSignInCookie = "__Host-evcosta-sign-in";
constexpr std::size_t kMarkBytes = 16;

std::string cookie_line(std::string_view name, std::string_view value, std::chrono::seconds age) {
  return std::string(name) + "=" + std::string(value) + "; Path=/; Max-Age=" + std::to_string(age.count()) +
         "; Secure; HttpOnly; SameSite=Lax";
}

// False when the browser says that another site has sent the form.
bool sent_from_here(const http::Request& request) {
  const auto site = request.headers.get("sec-fetch-site");
  return !site || *site == "same-origin";
}

}  // namespace

Browser browser_of(const http::Request& request, std::string_view ui_locales) {
  const std::string_view cookies = request.headers.get("cookie").value_or("");
  Browser browser;
  const auto mark = cookie(cookies, kMarkCookie);
  if (mark && base64url_decode(*mark).value_or("").size() == kMarkBytes) {
    browser.mark = std::string(*mark);
    browser.mark_is = Browser::Mark::kKnown;
  } else {
    browser.mark = base64url_encode(random_bytes(kMarkBytes));
  }
  browser.sign_in_cookie = std::string(cookie(cookies, kSignInCookie).value_or(""));
  std::string languages(ui_locales);
  std::ranges::replace(languages, ' ', ',');
  browser.language =
      http::choose_language(languages + "," + std::string(request.headers.get("accept-language").value_or("")));
  return browser;
}

std::optional<PageFlow> flow_of_form(const PageSeal& seal, std::string_view purpose, const http::Request& request,
                                     const Result<Parameters>& fields, const Browser& browser, WallTime now) {
  if (!fields || !sent_from_here(request)) return std::nullopt;
  return seal.open(field(*fields, "flow").value_or(""), purpose, browser.mark, now);
}

void set_sign_in_cookie(http::Response& response, const std::string& value) {
  response.headers.add("set-cookie", cookie_line(kSignInCookie, value, kSignInLife));
}

void forget_sign_in(http::Response& response) {
  response.headers.add("set-cookie", cookie_line(kSignInCookie, "", std::chrono::seconds(0)));
}

http::Response page_answer(int status, std::string html, const Browser& browser, std::string_view form_leads_to) {
  http::Response response = http::Response::text(status, std::move(html), "text/html; charset=utf-8");
  std::string policy =
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action "
      "'self'";
  if (!form_leads_to.empty()) policy += " " + std::string(form_leads_to);
  response.headers.set("content-security-policy", policy);
  response.headers.set("content-language", http::language_tag(browser.language));
  if (browser.mark_is == Browser::Mark::kNew)
    response.headers.add("set-cookie", cookie_line(kMarkCookie, browser.mark, std::chrono::hours(24)));
  return http::no_store(std::move(response));
}

http::Response redirect_to(const std::string& uri) {
  http::Response response = http::Response::empty(303);
  response.headers.set("location", uri);
  return http::no_store(std::move(response));
}

}  // namespace evc::auth_service
