#include "services/auth/oidc/discovery.hpp"

#include "contracts/routes.hpp"
#include "services/auth/domain/oauth_client.hpp"

namespace evc::auth_service {

std::string every_scope() {
  std::string all;
  for (const auto& table : {contracts::driver_scopes(), contracts::operator_scopes()}) {
    for (const contracts::RoleScopes& row : table) {
      for (const auto scope : row.scopes) all = joined_scope(all, scope);
    }
  }
  return all;
}

json::Object discovery_document(const std::string& issuer) {
  json::Array scopes;
  const std::string all = every_scope();
  for (std::string_view rest = all; !rest.empty();) {
    const auto space = rest.find(' ');
    scopes.emplace_back(rest.substr(0, space));
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
  const json::Array authentications{"none", "client_secret_basic", "client_secret_post", "private_key_jwt"};
  const json::Array confidential{"client_secret_basic", "client_secret_post", "private_key_jwt"};
  const json::Array algorithms{"RS256", "ES256"};
  return {{"issuer", issuer},
          {"authorization_endpoint", issuer + "/oauth2/authorize"},
          {"token_endpoint", issuer + "/oauth2/token"},
          {"userinfo_endpoint", issuer + "/oauth2/userinfo"},
          {"jwks_uri", issuer + "/.well-known/jwks.json"},
          {"revocation_endpoint", issuer + "/oauth2/revoke"},
          {"introspection_endpoint", issuer + "/oauth2/introspect"},
          {"end_session_endpoint", issuer + "/oauth2/logout"},
          {"scopes_supported", std::move(scopes)},
          {"response_types_supported", json::Array{"code"}},
          {"response_modes_supported", json::Array{"query"}},
          {"grant_types_supported", json::Array{"authorization_code", "refresh_token"}},
          {"subject_types_supported", json::Array{"public"}},
          {"id_token_signing_alg_values_supported", algorithms},
          {"token_endpoint_auth_methods_supported", authentications},
          {"token_endpoint_auth_signing_alg_values_supported", algorithms},
          {"revocation_endpoint_auth_methods_supported", authentications},
          {"revocation_endpoint_auth_signing_alg_values_supported", algorithms},
          {"introspection_endpoint_auth_methods_supported", confidential},
          {"introspection_endpoint_auth_signing_alg_values_supported", algorithms},
          {"code_challenge_methods_supported", json::Array{"S256"}},
          {"prompt_values_supported", json::Array{"none", "login", "consent", "select_account"}},
          {"ui_locales_supported", json::Array{"pt-BR", "en", "es"}},
          {"acr_values_supported", json::Array{"urn:evcosta:password", "urn:evcosta:two-factors"}},
          {"claim_types_supported", json::Array{"normal"}},
          {"claims_supported", json::Array{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid",
                                           "acr", "amr", "name", "email", "email_verified"}},
          {"claims_parameter_supported", false},
          {"request_parameter_supported", false},
          {"request_uri_parameter_supported", false},
          {"authorization_response_iss_parameter_supported", true}};
}

}  // namespace evc::auth_service
