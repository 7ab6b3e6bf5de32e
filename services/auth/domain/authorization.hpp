// An authorization request (OpenID Connect Core §3.1.2, RFC 6749 §4.1, RFC 7636, RFC 9207) as a value: how it is read
// and what comes next for it, given what is known of the browser. Pure. Until client and redirect URI are known to
// belong together nothing may be sent there, so whoever reads them looks at those two first.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/clock.hpp"
#include "services/auth/domain/oauth_client.hpp"

namespace evc::auth_service {

// The life of a page between its delivery and its answer, of a code, and of a browser's sign-in.
inline constexpr std::chrono::minutes kPageLife{15};
inline constexpr std::chrono::seconds kCodeLife{60};
inline constexpr std::chrono::hours kSignInLife{12};

// Decoded, each name once.
using Parameters = std::map<std::string, std::string>;

// nullopt when a name stands there twice.
std::optional<Parameters> single_parameters(const std::vector<std::pair<std::string, std::string>>& all);

struct Prompts {
  bool none = false, login = false, consent = false;
};

struct AuthorizationRequest {
  std::string client_id, redirect_uri;
  std::string scope;  // what is asked for and the client may ask for
  std::string state, nonce, code_challenge;
  std::string login_hint, ui_locales, id_token_hint;
  Prompts prompts;
  std::optional<std::chrono::seconds> max_age;
};

// An error code of OAuth or OpenID Connect with a sentence for developers.
struct AuthorizationRefusal {
  std::string error, description;
};

struct ReadAuthorization {
  AuthorizationRequest request;
  std::optional<AuthorizationRefusal> refusal;
};
// Of a client and redirect URI that belong together.
ReadAuthorization read_authorization(const Parameters& parameters, const OauthClient& client);

// What is known of the browser that asks.
struct KnownSignIn {
  std::string subject;
  WallTime authenticated_at{};
  bool just_now = false;  // in answer to this very request
};
enum class Consent { kGiven, kAsk, kJustGiven };

enum class NextStep { kSignIn, kConsent, kIssueCode, kLoginRequired, kConsentRequired };
// `hinted` is the subject of the request's id_token_hint, when it had one.
NextStep next_step(const AuthorizationRequest& request, const std::optional<KnownSignIn>& sign_in, Consent consent,
                   const std::optional<std::string>& hinted, WallTime now);

// RFC 7636 §4.6 with S256. False for a verifier that is none.
bool proves_challenge(std::string_view verifier, std::string_view challenge);

// The redirect URI with more parameters, percent-encoded.
std::string with_parameters(std::string_view uri, const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace evc::auth_service
