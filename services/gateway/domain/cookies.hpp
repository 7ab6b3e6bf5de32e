// Cookie headers as a server reads them (RFC 6265 §4.2). Pure. A name may come twice: whoever can set cookies for a
// domain above ours may put one beside ours, so whoever reads one counts them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace evc::gateway {

// Every value of `name` in one Cookie header, in order.
std::vector<std::string_view> cookie_values(std::string_view header, std::string_view name);
// The header with the cookies that `keep` wants; empty when none is left.
std::string cookies_where(std::string_view header, const std::function<bool(std::string_view name)>& keep);

}  // namespace evc::gateway
