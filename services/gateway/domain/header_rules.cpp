#include "services/gateway/domain/header_rules.hpp"

#include <algorithm>
#include <array>

namespace evc::gateway {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is(std::string_view name, std::string_view lower_name) {
  return std::ranges::equal(name, lower_name, {}, lower);
}

bool begins(std::string_view name, std::string_view lower_prefix) {
  return name.size() >= lower_prefix.size() && is(name.substr(0, lower_prefix.size()), lower_prefix);
}

template <std::size_t N>
bool any_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::any_of(names, [name](std::string_view known) { return is(name, known); });
}

constexpr std::array<std::string_view, 9> kHopByHop{
    "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "host", "content-length"};

}  // namespace

bool goes_to_service(std::string_view name) {
  // traceparent is written anew for the span of each try; the others say who is asking, which only we may say.
  constexpr std::array<std::string_view, 6> kDecidedHere{"traceparent", "tracestate",      "forwarded",
                                                         "x-real-ip",   "accept-encoding", "evcosta-csrf"};
  return !any_of(kHopByHop, name) && !any_of(kDecidedHere, name) && !begins(name, "evc-") &&
         !begins(name, "x-forwarded-") && !begins(name, "proxy-") && !begins(name, "sec-websocket-");
}

bool goes_to_client(std::string_view name) {
  // The client's trace headers name the gateway's span, the rate limit is the gateway's, and nobody needs to know what
  // runs behind.
  constexpr std::array<std::string_view, 7> kDecidedHere{"traceresponse", "server-timing",   "date", "server", "via",
                                                         "ratelimit",     "ratelimit-policy"};
  return !any_of(kHopByHop, name) && !any_of(kDecidedHere, name) && !begins(name, "evc-") &&
         !begins(name, "x-forwarded-") && !begins(name, "proxy-");
}

}  // namespace evc::gateway
