#include "services/auth/domain/authorization.hpp"

#include <algorithm>
#include <charconv>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kChallengeCharacters = 43;  // SHA-256 in base64url
constexpr std::size_t kShortestVerifier = 43, kLongestVerifier = 128;
constexpr std::size_t kOpaqueLimitBytes = 1024;  // state, nonce: what we carry for the client
constexpr std::int64_t kLongestAge = 10LL * 365 * 24 * 3600;

std::string value_of(const Parameters& parameters, const char* name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

bool is_unreserved(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || c == '-' || c == '.' || c == '_' || c == '~';
}

std::optional<Prompts> prompts_of(std::string_view text) {
  Prompts prompts;
  int words = 0;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    words += word.empty() ? 0 : 1;
    if (word == "none") prompts.none = true;
    // Whoever chooses an account signs in with it.
    else if (word == "login" || word == "select_account")
      prompts.login = true;
    else if (word == "consent")
      prompts.consent = true;
    else if (!word.empty())
      return std::nullopt;
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
  }
  if (prompts.none && words > 1) return std::nullopt;
  return prompts;
}

std::optional<std::chrono::seconds> age_of(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kLongestAge));
}

// A parameter without a value counts as left out (RFC 6749 §3.1).
std::optional<AuthorizationRefusal> not_supported(const Parameters& parameters) {
  if (!value_of(parameters, "request").empty())
    return AuthorizationRefusal{"request_not_supported", "send plain parameters"};
  if (!value_of(parameters, "request_uri").empty())
    return AuthorizationRefusal{"request_uri_not_supported", "send plain parameters"};
  if (!value_of(parameters, "registration").empty())
    return AuthorizationRefusal{"registration_not_supported", "clients are added by an operator"};
  const std::string type = value_of(parameters, "response_type");
  if (type.empty()) return AuthorizationRefusal{"invalid_request", "response_type is missing"};
  if (type != "code") return AuthorizationRefusal{"unsupported_response_type", "response_type is code"};
  const std::string mode = value_of(parameters, "response_mode");
  if (!mode.empty() && mode != "query") return AuthorizationRefusal{"invalid_request", "response_mode is query"};
  return std::nullopt;
}

std::optional<AuthorizationRefusal> refuse_challenge(const Parameters& parameters, const OauthClient& client) {
  const std::string challenge = value_of(parameters, "code_challenge");
  const std::string method = value_of(parameters, "code_challenge_method");
  if (challenge.empty()) {
    if (client.authentication == ClientAuthentication::kNone || !method.empty())
      return AuthorizationRefusal{"invalid_request", "code_challenge is missing (PKCE, S256)"};
    return std::nullopt;
  }
  if (method != "S256") return AuthorizationRefusal{"invalid_request", "code_challenge_method is S256"};
  if (challenge.size() != kChallengeCharacters || !base64url_decode(challenge))
    return AuthorizationRefusal{"invalid_request", "code_challenge is no SHA-256 in base64url"};
  return std::nullopt;
}

}  // namespace

std::optional<Parameters> single_parameters(const std::vector<std::pair<std::string, std::string>>& all) {
  Parameters parameters;
  for (const auto& [name, value] : all) {
    if (!parameters.emplace(name, value).second) return std::nullopt;
  }
  return parameters;
}

namespace {

// Ours do what the person may do, as after /auth/login, whatever they name.
std::string asked_scope(const Parameters& parameters, const OauthClient& client) {
  const std::string asked = common_scope(value_of(parameters, "scope"), client.scope);
  return client.party == Party::kFirst && !asked.empty() ? joined_scope(asked, client.scope) : asked;
}

}  // namespace

ReadAuthorization read_authorization(const Parameters& parameters, const OauthClient& client) {
  ReadAuthorization read{.request = {.client_id = client.id,
                                     .redirect_uri = value_of(parameters, "redirect_uri"),
                                     .scope = asked_scope(parameters, client),
                                     .state = value_of(parameters, "state"),
                                     .nonce = value_of(parameters, "nonce"),
                                     .code_challenge = value_of(parameters, "code_challenge"),
                                     .login_hint = value_of(parameters, "login_hint"),
                                     .ui_locales = value_of(parameters, "ui_locales"),
                                     .id_token_hint = value_of(parameters, "id_token_hint")},
                         .refusal = std::nullopt};
  const auto refuse = [&read](std::string error, std::string description) {
    if (!read.refusal) read.refusal = AuthorizationRefusal{std::move(error), std::move(description)};
  };
  read.refusal = not_supported(parameters);
  if (!read.refusal) read.refusal = refuse_challenge(parameters, client);
  if (read.request.state.size() > kOpaqueLimitBytes || read.request.nonce.size() > kOpaqueLimitBytes)
    refuse("invalid_request", "state and nonce have at most 1024 bytes");
  if (read.request.scope.empty()) refuse("invalid_scope", "none of the scopes that this client may ask for");
  if (const auto prompts = prompts_of(value_of(parameters, "prompt"))) {
    read.request.prompts = *prompts;
  } else {
    refuse("invalid_request", "prompt is none, or any of login, consent and select_account");
  }
  if (const auto age = parameters.find("max_age"); age != parameters.end() && !age->second.empty()) {
    read.request.max_age = age_of(age->second);
    if (!read.request.max_age) refuse("invalid_request", "max_age is a number of seconds");
  }
  return read;
}

NextStep next_step(const AuthorizationRequest& request, const std::optional<KnownSignIn>& sign_in, Consent consent,
                   const std::optional<std::string>& hinted, WallTime now) {
  bool known = sign_in.has_value();
  if (known && hinted && *hinted != sign_in->subject) known = false;
  if (known && !sign_in->just_now) {
    if (request.prompts.login) known = false;
    if (request.max_age && now - sign_in->authenticated_at > *request.max_age) known = false;
  }
  if (!known) return request.prompts.none ? NextStep::kLoginRequired : NextStep::kSignIn;
  const bool ask = consent == Consent::kAsk || (request.prompts.consent && consent != Consent::kJustGiven);
  if (ask) return request.prompts.none ? NextStep::kConsentRequired : NextStep::kConsent;
  return NextStep::kIssueCode;
}

bool proves_challenge(std::string_view verifier, std::string_view challenge) {
  if (verifier.size() < kShortestVerifier || verifier.size() > kLongestVerifier) return false;
  if (!std::ranges::all_of(verifier, is_unreserved)) return false;
  const Digest digest = sha256(verifier);
  return equal_constant_time(base64url_encode(view(digest)), challenge);
}

std::string with_parameters(std::string_view uri, const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string out(uri);
  char separator = uri.contains('?') ? '&' : '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    out += separator + name + "=";
    for (const char c : value) {
      if (is_unreserved(c)) {
        out += c;
      } else {
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', kDigits[byte >> 4], kDigits[byte & 0x0F]};
      }
    }
    separator = '&';
  }
  return out;
}

}  // namespace evc::auth_service
