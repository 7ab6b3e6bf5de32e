// Who may ask the provider for tokens: an OAuth client as a value, and what it may do, as pure rules. First-party
// clients are ours: people are not asked for consent. Everything that a client sends is compared with what was written
// down when it was added, to the last character.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/json.hpp"
#include "kit/base/result.hpp"

namespace evc::auth_service {

// Sign-in through the platform's own programs, by /auth/login: no row of the table.
inline constexpr std::string_view kAppClient = "evcosta-app";
// The operators' console; made at start.
inline constexpr std::string_view kConsoleClient = "evcosta-console";
// Programs of the platform itself: auth holds their refresh tokens to one another's as one.
constexpr bool is_ours(std::string_view client_id) {
  return client_id == kAppClient || client_id == kConsoleClient;
}

enum class ClientAuthentication { kNone, kClientSecret, kPrivateKeyJwt };
enum class Party { kFirst, kThird };

struct OauthClient {
  std::string id;
  std::string name;  // people see it
  ClientAuthentication authentication = ClientAuthentication::kNone;
  std::string secret_hash;  // kClientSecret
  json::Value key_set;      // kPrivateKeyJwt: a JWKS
  std::vector<std::string> redirect_uris;
  std::vector<std::string> post_logout_redirect_uris;
  std::string scope;  // what it may ask for
  std::string id_token_algorithm = "RS256";
  Party party = Party::kThird;
};

// As the table and the command write it: none, clientSecret, privateKeyJwt.
std::string_view name_of(ClientAuthentication authentication);
std::optional<ClientAuthentication> authentication_named(std::string_view name);

// validation-failed with the member's name: what may not stand in the table.
Result<void> check_client(const OauthClient& client);
bool may_redirect_to(const OauthClient& client, std::string_view uri);
bool may_redirect_after_logout(const OauthClient& client, std::string_view uri);
// Whether what is sent to that address reaches this client and nobody else. A public client's own scheme or port can be
// taken by any app of the device (RFC 8252 §8.6).
bool is_reached_alone(const OauthClient& client, std::string_view uri);
// Scheme and authority of a redirect URI; of a private scheme the scheme with its colon. What a form of ours may lead
// to (Content-Security-Policy).
std::string origin_of_uri(std::string_view uri);

// Words apart by single spaces, in the order of `asked`, each once: those that stand in `allowed`.
std::string common_scope(std::string_view asked, std::string_view allowed);
bool scope_has(std::string_view scope, std::string_view word);
// Every word of `asked` stands in `allowed`.
bool scope_within(std::string_view asked, std::string_view allowed);
// `first` and what `more` adds to it.
std::string joined_scope(std::string_view first, std::string_view more);

}  // namespace evc::auth_service
