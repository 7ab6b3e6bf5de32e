// What the provider's pages say, in our three languages. Constant data. A `{}` stands for a name that comes from
// elsewhere.
#pragma once

#include <optional>
#include <string_view>

#include "kit/http/languages.hpp"

namespace evc::auth_service {

struct PageTexts {
  std::string_view sign_in, to_continue_to, email, password, enter;
  std::string_view second_step, code, code_hint, confirm;
  std::string_view wrong, wrong_code, other_account, too_many, busy, over;
  std::string_view wants, signed_in_as, allow, deny, consent_note;
  std::string_view sign_out, sign_out_question, sign_out_yes, signed_out, signed_out_note;
  std::string_view cannot_go_on, unknown_client, unknown_redirect, bad_request, bad_logout, support;
};
const PageTexts& texts_in(http::Language language);

// What a scope means to a person; nullopt: a word that says nothing to people.
std::optional<std::string_view> scope_text(std::string_view scope, http::Language language);

}  // namespace evc::auth_service
