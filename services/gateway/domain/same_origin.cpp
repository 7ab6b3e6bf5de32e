#include "services/gateway/domain/same_origin.hpp"

#include <algorithm>
#include <ranges>

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

namespace {

// "." or "..", also with dots that are percent-encoded: a browser resolves them, and would leave the console.
bool is_dot_segment(std::string_view segment) {
  std::size_t dots = 0;
  for (; !segment.empty(); ++dots) {
    const std::string_view encoded = segment.substr(0, 3);
    const std::size_t taken = segment.front() == '.' ? 1 : encoded == "%2e" || encoded == "%2E" ? 3 : 0;
    if (taken == 0) return false;
    segment.remove_prefix(taken);
  }
  return dots == 1 || dots == 2;
}

bool has_dot_segment(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#"));
  for (const auto segment : std::views::split(path, '/')) {
    if (is_dot_segment(std::string_view(segment.begin(), segment.end()))) return true;
  }
  return false;
}

}  // namespace

bool is_console_page(std::string_view path) {
  constexpr std::size_t kLongest = 512;
  if (path.size() > kLongest) return false;
  if (path != "/console" && !path.starts_with("/console/")) return false;
  // Nothing that a browser could read as another host or another line.
  return std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7F && c != '\\'; }) &&
         path.find("//") == std::string_view::npos && !has_dot_segment(path);
}

}  // namespace evc::gateway
