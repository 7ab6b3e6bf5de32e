#include "kit/auth/claims.hpp"

#include <optional>
#include <string_view>

namespace evc::auth {
namespace {

std::unexpected<Error> invalid(std::string reason) {
  return fail(Code::kTokenInvalid, std::move(reason));
}

std::string text(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Whole seconds since 1970; a fraction, a string or a huge number is no time.
std::optional<std::int64_t> seconds(const json::Object& object, std::string_view name) {
  constexpr std::int64_t kLatest = 253'402'300'799;  // 9999-12-31
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  const std::int64_t number = value->get_int64();
  if (number < 0 || number > kLatest) return std::nullopt;
  return number;
}

bool names_audience(const json::Object& payload, std::string_view audience) {
  const auto* value = payload.if_contains("aud");
  if (value == nullptr) return false;
  if (value->is_string()) return value->get_string() == audience;
  if (!value->is_array()) return false;
  for (const auto& entry : value->get_array()) {
    if (entry.is_string() && entry.get_string() == audience) return true;
  }
  return false;
}

std::vector<std::string> split_scope(std::string_view scope) {
  std::vector<std::string> scopes;
  while (!scope.empty()) {
    const auto space = scope.find(' ');
    if (space != 0) scopes.emplace_back(scope.substr(0, space));
    if (space == std::string_view::npos) break;
    scope.remove_prefix(space + 1);
  }
  return scopes;
}

Result<WallTime> check_times(const json::Object& payload, const ClaimRules& rules, WallTime now) {
  const auto expires = seconds(payload, "exp");
  const auto issued = seconds(payload, "iat");
  if (!expires || !issued) return invalid("exp or iat is missing");
  const auto at = [](std::int64_t value) { return WallTime(std::chrono::seconds(value)); };
  if (at(*expires) + rules.skew <= now) return invalid("the token has expired");
  if (at(*issued) - rules.skew > now) return invalid("the token is issued in the future");
  if (payload.contains("nbf")) {
    const auto not_before = seconds(payload, "nbf");
    if (!not_before) return invalid("nbf is not a time");
    if (at(*not_before) - rules.skew > now) return invalid("the token is not valid yet");
  }
  if (*expires <= *issued || *expires - *issued > rules.max_lifetime.count())
    return invalid("the token lives too long");
  return at(*expires);
}

Result<Principal> principal_of(const json::Object& payload) {
  Principal principal;
  principal.subject = text(payload, "sub");
  principal.client_id = text(payload, "client_id");
  principal.session_id = text(payload, "sid");
  principal.puid = text(payload, "puid");
  principal.role = text(payload, "role");
  principal.scopes = split_scope(text(payload, "scope"));
  if (principal.subject.empty() || principal.client_id.empty()) return invalid("sub or client_id is missing");
  if (principal.has_scope("service")) {
    if (principal.subject != principal.client_id) return invalid("a service token speaks for its client only");
    principal.kind = Principal::Kind::kService;
    return principal;
  }
  if (principal.session_id.empty() || principal.puid.empty()) return invalid("sid or puid is missing");
  principal.kind = principal.role.empty() ? Principal::Kind::kDriver : Principal::Kind::kOperator;
  return principal;
}

}  // namespace

Result<AcceptedToken> check_claims(const Jws& token, const ClaimRules& rules, WallTime now) {
  const std::string type = text(token.header, "typ");
  if (type != "at+jwt" && type != "application/at+jwt") return invalid("the token is not an access token");
  if (text(token.payload, "iss") != rules.issuer) return invalid("the issuer is another");
  if (!names_audience(token.payload, rules.audience)) return invalid("the token is for another audience");
  EVC_TRY(expires_at, check_times(token.payload, rules, now));
  EVC_TRY(principal, principal_of(token.payload));
  const std::string token_id = text(token.payload, "jti");
  if (token_id.empty()) return invalid("jti is missing");
  return AcceptedToken{
      .principal = std::move(principal), .expires_at = expires_at, .token_id = token_id, .key_id = token.key_id};
}

}  // namespace evc::auth
