// The browser behind a request, as its cookies and headers tell, and the answers that pages are. Cookies: the mark that
// pages are sealed for, and the sign-in. Both are for this host alone, unreadable to scripts, and come along when
// another site leads here by a link but not when it asks in the background (SameSite=Lax).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kit/http/languages.hpp"
#include "kit/http/message.hpp"
#include "services/auth/oidc/page_flow.hpp"

namespace evc::auth_service {

struct Browser {
  std::string mark;
  enum class Mark { kKnown, kNew } mark_is = Mark::kNew;
  std::string sign_in_cookie;  // empty: none
  http::Language language = http::Language::kPortuguese;
};
// `ui_locales`: languages that the client names, the best first.
Browser browser_of(const http::Request& request, std::string_view ui_locales);

// What the page carried that `fields` answers; nullopt: the form cannot be read, the browser says that another site has
// sent it, or the seal does not open for `purpose` in this browser.
std::optional<PageFlow> flow_of_form(const PageSeal& seal, std::string_view purpose, const http::Request& request,
                                     const Result<Parameters>& fields, const Browser& browser, WallTime now);

void set_sign_in_cookie(http::Response& response, const std::string& value);
void forget_sign_in(http::Response& response);

// HTML that may load our style sheet and pictures and send forms to us alone, or on to `form_leads_to`; it is stored
// nowhere and shown in no frame. Leaves the mark when it is new.
http::Response page_answer(int status, std::string html, const Browser& browser, std::string_view form_leads_to = {});
http::Response redirect_to(const std::string& uri);

}  // namespace evc::auth_service
