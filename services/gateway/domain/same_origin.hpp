// Whether a request that carries the browser's cookie comes from a page of our own origin, told by what no page can set
// by itself: Sec-Fetch-Site (Fetch Metadata), Origin (RFC 6454), and a header of ours that a foreign page could send
// only after a preflight that we never allow. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace evc::gateway {

struct RequestProvenance {
  std::string_view method;
  std::vector<std::string_view> sec_fetch_site;  // every header of the name
  std::vector<std::string_view> origin;
  std::vector<std::string_view> csrf;  // Evcosta-Csrf
};

bool changes_something(std::string_view method);

// Reading needs no proof, but nothing may speak against it. Who changes something says where it comes from, by one of
// the two at least, and brings our header.
bool comes_from_us(const RequestProvenance& request, std::string_view own_origin);

// Where a sign-in may lead back to: a page of the console, by a path alone.
bool is_console_page(std::string_view path);

}  // namespace evc::gateway
