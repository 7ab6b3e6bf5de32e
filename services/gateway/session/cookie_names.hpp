// The gateway's own cookies. `__Host-`: Secure, Path=/, no Domain, so that no other host can set one for us. Neither
// ever reaches a service.
#pragma once

#include <string_view>

namespace evc::gateway {

inline constexpr std::string_view kSessionCookie = "__Host-evcosta";
// What a sign-in was begun with, while the browser is away at the sign-in page: one each, so that two tabs can be on
// their way at once. The beginning of the sign-in's state follows.
inline constexpr std::string_view kSignInCookies = "__Host-evcosta-login-";

constexpr bool is_own_cookie(std::string_view name) {
  return name == kSessionCookie || name.starts_with(kSignInCookies);
}

}  // namespace evc::gateway
