// The gateway's own cookies. `__Host-`: Secure, Path=/, no Domain, so that no other host can set one for us. Neither
// ever reaches a service.
#pragma once

#include <string_view>

namespace evc::gateway {

inline constexpr std::string_view kSessionCookie = "__Host-evcosta";
// What a sign-in was begun with, while the browser is away at the sign-in page.
inline constexpr std::string_view kSignInCookie = "__Host-evcosta-login";

}  // namespace evc::gateway
