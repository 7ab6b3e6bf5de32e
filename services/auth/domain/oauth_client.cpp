#include "services/auth/domain/oauth_client.hpp"

#include <algorithm>
#include <array>

namespace evc::auth_service {
namespace {

constexpr std::size_t kUriLimitBytes = 512;
constexpr std::size_t kUriLimit = 20;
constexpr std::size_t kNameLimitBytes = 64;
constexpr std::array<std::string_view, 3> kAuthentications{"none", "clientSecret", "privateKeyJwt"};

std::vector<std::string_view> words_of(std::string_view scope) {
  std::vector<std::string_view> words;
  while (!scope.empty()) {
    const auto space = scope.find(' ');
    const std::string_view word = scope.substr(0, space);
    if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
    if (space == std::string_view::npos) break;
    scope.remove_prefix(space + 1);
  }
  return words;
}

bool is_scheme_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

// Not [::1]: browsers know no such host in form-action, and would not go there from our page.
bool is_loopback(std::string_view authority) {
  for (const std::string_view host : {"127.0.0.1", "localhost"}) {
    if (authority == host || (authority.starts_with(host) && authority[host.size()] == ':')) return true;
  }
  return false;
}

// https anywhere, http on this very device only (RFC 8252 §7.3), or an app's own scheme, whose name has a dot (§7.1).
bool is_redirect_uri(std::string_view uri) {
  const bool clean = std::ranges::all_of(uri, [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '<'; });
  const auto colon = uri.find(':');
  if (!clean || uri.size() > kUriLimitBytes || colon == std::string_view::npos || colon == 0) return false;
  if (uri.contains('#') || uri.contains('*') || uri.contains(';') || uri.contains(',')) return false;
  const std::string_view scheme = uri.substr(0, colon);
  if (!std::ranges::all_of(scheme, is_scheme_character)) return false;
  if (scheme != "https" && scheme != "http") return scheme.contains('.');
  if (!uri.substr(colon).starts_with("://")) return false;
  const std::string_view rest = uri.substr(colon + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.empty() || authority.contains('@')) return false;
  return scheme == "https" || is_loopback(authority);
}

Result<void> check_uris(const std::vector<std::string>& uris, const char* member) {
  const bool good = uris.size() <= kUriLimit && std::ranges::all_of(uris, is_redirect_uri);
  if (!good) return fail_field(member, "https, http on loopback or an app's own scheme with a dot; without a fragment");
  return {};
}

}  // namespace

std::string_view name_of(ClientAuthentication authentication) {
  return kAuthentications.at(static_cast<std::size_t>(authentication));
}

std::optional<ClientAuthentication> authentication_named(std::string_view name) {
  const auto found = std::ranges::find(kAuthentications, name);
  if (found == kAuthentications.end()) return std::nullopt;
  return static_cast<ClientAuthentication>(found - kAuthentications.begin());
}

Result<void> check_client(const OauthClient& client) {
  const bool id_clean = std::ranges::all_of(
      client.id, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (client.id.size() < 3 || client.id.size() > 64 || !id_clean || client.id.starts_with('-'))
    return fail_field("id", "3 to 64 small letters, digits and hyphens");
  if (client.id == kAppClient) return fail_field("id", "the name of our own app");
  if (client.name.empty() || client.name.size() > kNameLimitBytes) return fail_field("name", "1 to 64 bytes");
  if (client.redirect_uris.empty()) return fail_field("redirect", "at least one");
  EVC_CHECK(check_uris(client.redirect_uris, "redirect"));
  EVC_CHECK(check_uris(client.post_logout_redirect_uris, "post-logout"));
  if (client.id_token_algorithm != "RS256" && client.id_token_algorithm != "ES256")
    return fail_field("algorithm", "RS256 or ES256");
  if (words_of(client.scope).empty()) return fail_field("scope", "at least one");
  return {};
}

bool may_redirect_to(const OauthClient& client, std::string_view uri) {
  return std::ranges::find(client.redirect_uris, uri) != client.redirect_uris.end();
}

bool may_redirect_after_logout(const OauthClient& client, std::string_view uri) {
  return std::ranges::find(client.post_logout_redirect_uris, uri) != client.post_logout_redirect_uris.end();
}

bool is_reached_alone(const OauthClient& client, std::string_view uri) {
  return client.authentication != ClientAuthentication::kNone || client.party == Party::kFirst ||
         uri.starts_with("https://");
}

std::string origin_of_uri(std::string_view uri) {
  const auto colon = uri.find(':');
  if (!uri.substr(std::min(colon, uri.size())).starts_with("://")) return std::string(uri.substr(0, colon + 1));
  return std::string(uri.substr(0, uri.find_first_of("/?", colon + 3)));
}

std::string common_scope(std::string_view asked, std::string_view allowed) {
  const auto may = words_of(allowed);
  std::string common;
  for (const std::string_view word : words_of(asked)) {
    if (std::ranges::find(may, word) == may.end()) continue;
    common.append(common.empty() ? "" : " ").append(word);
  }
  return common;
}

bool scope_has(std::string_view scope, std::string_view word) {
  const auto words = words_of(scope);
  return std::ranges::find(words, word) != words.end();
}

bool scope_within(std::string_view asked, std::string_view allowed) {
  return std::ranges::all_of(words_of(asked), [allowed](std::string_view word) { return scope_has(allowed, word); });
}

std::string joined_scope(std::string_view first, std::string_view more) {
  const std::string both = std::string(first) + " " + std::string(more);
  return common_scope(both, both);
}

}  // namespace evc::auth_service
