#include "services/gateway/domain/same_origin.hpp"

#include <algorithm>

namespace evc::gateway {

bool changes_something(std::string_view method) {
  return method != "GET" && method != "HEAD";
}

bool comes_from_us(const RequestProvenance& request, std::string_view own_origin) {
  if (request.sec_fetch_site.size() > 1 || request.origin.size() > 1 || request.csrf.size() > 1) return false;
  const bool changes = changes_something(request.method);
  if (!request.sec_fetch_site.empty()) {
    const std::string_view site = request.sec_fetch_site.front();
    // "none": somebody typed the address.
    if (site != "same-origin" && (changes || site != "none")) return false;
  }
  if (!request.origin.empty() && request.origin.front() != own_origin) return false;
  if (!changes) return true;
  const bool said = !request.sec_fetch_site.empty() || !request.origin.empty();
  return said && !request.csrf.empty() && request.csrf.front() == "1";
}

bool is_console_page(std::string_view path) {
  constexpr std::size_t kLongest = 512;
  if (path.size() > kLongest) return false;
  if (path != "/console" && !path.starts_with("/console/")) return false;
  // Nothing that a browser could read as another host or another line.
  return std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7F && c != '\\'; }) &&
         path.find("//") == std::string_view::npos;
}

}  // namespace evc::gateway
