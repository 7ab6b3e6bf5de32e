#include "services/auth/oidc/client_authentication.hpp"

#include <cctype>

#include "kit/auth/jws.hpp"
#include "kit/base/bytes.hpp"
#include "kit/http/target.hpp"
#include "services/auth/api/oauth_answers.hpp"
#include "services/auth/store/clients.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::chrono::seconds kSkew{30};
constexpr std::chrono::seconds kLongestAssertion{300};
constexpr std::size_t kTokenIdLimitBytes = 128;

std::unexpected<Error> not_it(std::string why) {
  return fail(Code::kUnauthenticated, std::move(why));
}

std::string text_of(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<WallTime> time_of(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  constexpr std::int64_t kLatest = 253'402'300'799;  // 9999-12-31
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0 || value->get_int64() > kLatest)
    return std::nullopt;
  return WallTime(std::chrono::seconds(value->get_int64()));
}

bool is_for(const json::Object& claims, const std::string& issuer) {
  const auto ours = [&issuer](std::string_view audience) {
    return audience == issuer || audience == issuer + "/oauth2/token" || audience == issuer + "/oauth2/introspect" ||
           audience == issuer + "/oauth2/revoke";
  };
  const auto* audience = claims.if_contains("aud");
  if (audience == nullptr) return false;
  if (audience->is_string()) return ours(audience->get_string());
  if (!audience->is_array()) return false;
  for (const auto& each : audience->get_array()) {
    if (each.is_string() && ours(each.get_string())) return true;
  }
  return false;
}

Result<void> signed_by(const auth::Jws& token, const json::Value& key_set) {
  const auto* keys = key_set.is_object() ? key_set.get_object().if_contains("keys") : nullptr;
  if (keys == nullptr || !keys->is_array()) return not_it("the client has no keys");
  for (const auto& jwk : keys->get_array()) {
    if (!jwk.is_object() || text_of(jwk.get_object(), "kid") != token.key_id) continue;
    auto key = auth::PublicKey::from_jwk(jwk.get_object());
    if (key && key->verify(token)) return {};
  }
  return not_it("none of the client's keys has signed the assertion");
}

}  // namespace

Result<ClientAuthenticator::Presented> ClientAuthenticator::presented(const http::Request& request,
                                                                      const Parameters& fields) const {
  constexpr std::string_view kScheme = "basic ";
  Presented presented{.id = field(fields, "client_id").value_or(""),
                      .secret = field(fields, "client_secret").value_or(""),
                      .assertion = field(fields, "client_assertion").value_or("")};
  const bool in_form = !presented.secret.empty() || !presented.assertion.empty();
  if (!presented.secret.empty() && !presented.assertion.empty())
    return fail(Code::kBadRequest, "one way to authenticate at a time");
  if (const auto header = request.headers.get("authorization")) {
    std::string scheme(header->substr(0, kScheme.size()));
    for (char& c : scheme) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto pair = base64_decode(header->substr(std::min(kScheme.size(), header->size())));
    const std::size_t colon = pair ? pair->find(':') : std::string::npos;
    if (scheme != kScheme || colon == std::string::npos) return not_it("the Authorization header is no Basic one");
    if (in_form) return fail(Code::kBadRequest, "one way to authenticate at a time");
    // RFC 6749 §2.3.1: each half is encoded as a form's field.
    const auto id = http::percent_decode(pair->substr(0, colon), http::Plus::kSpace);
    const auto secret = http::percent_decode(pair->substr(colon + 1), http::Plus::kSpace);
    if (!id || !secret || (!presented.id.empty() && presented.id != *id)) return not_it("the names differ");
    presented = {.id = *id, .secret = *secret, .assertion = {}};
  }
  if (!presented.assertion.empty()) {
    if (field(fields, "client_assertion_type") != kAssertionType) return not_it("client_assertion_type is another");
    const auto token = auth::parse_jws(presented.assertion);
    if (!token) return not_it("the assertion is no signed token with a key id");
    const std::string subject = text_of(token->payload, "sub");
    if (!presented.id.empty() && presented.id != subject) return not_it("the names differ");
    presented.id = subject;
  }
  return presented;
}

Task<Result<void>> ClientAuthenticator::check_assertion(RequestContext& context, const OauthClient& client,
                                                        std::string assertion) {
  EVC_CO_TRY(token, auth::parse_jws(assertion));
  EVC_CO_CHECK(signed_by(token, client.key_set));
  const WallTime now = context.clock->wall();
  const json::Object& claims = token.payload;
  if (text_of(claims, "iss") != client.id || text_of(claims, "sub") != client.id)
    co_return not_it("iss and sub of the assertion are the client");
  if (!is_for(claims, issuer_)) co_return not_it("the assertion is for somebody else");
  const auto expires = time_of(claims, "exp");
  if (!expires || *expires + kSkew <= now || *expires > now + kLongestAssertion + kSkew)
    co_return not_it("exp of the assertion is over, missing or more than five minutes ahead");
  if (claims.contains("nbf") && time_of(claims, "nbf").value_or(now + 2 * kSkew) > now + kSkew)
    co_return not_it("the assertion is not valid yet");
  const std::string token_id = text_of(claims, "jti");
  if (token_id.empty() || token_id.size() > kTokenIdLimitBytes) co_return not_it("jti of the assertion is missing");
  EVC_CO_TRY(first, co_await take_assertion(context, pool_, client.id, token_id, *expires + kSkew));
  if (!first) co_return not_it("the assertion was used before");
  co_return Result<void>{};
}

Task<Result<OauthClient>> ClientAuthenticator::authenticate(RequestContext& context, const http::Request& request,
                                                            const Parameters& fields) {
  EVC_CO_TRY(shown, presented(request, fields));
  if (shown.id.empty()) co_return not_it("no client is named");
  EVC_CO_TRY(client, co_await find_client(context, pool_, shown.id));
  if (!client) co_return not_it("the client is unknown or its credentials are wrong");
  switch (client->authentication) {
    case ClientAuthentication::kNone:
      if (!shown.secret.empty() || !shown.assertion.empty()) co_return not_it("this client has no credentials");
      break;
    case ClientAuthentication::kClientSecret: {
      const Digest digest = sha256(shown.secret);
      if (!equal_constant_time(view(digest), client->secret_hash))
        co_return not_it("the client is unknown or its credentials are wrong");
      break;
    }
    case ClientAuthentication::kPrivateKeyJwt:
      if (shown.assertion.empty()) co_return not_it("this client sends a signed assertion");
      EVC_CO_CHECK(co_await check_assertion(context, *client, std::move(shown.assertion)));
      break;
  }
  co_return std::move(*client);
}

}  // namespace evc::auth_service
