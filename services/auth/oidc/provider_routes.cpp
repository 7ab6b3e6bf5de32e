#include "services/auth/oidc/provider_routes.hpp"

#include "kit/telemetry/log.hpp"
#include "services/auth/api/account_routes.hpp"
#include "services/auth/api/oauth_answers.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/oidc/discovery.hpp"
#include "services/auth/store/clients.hpp"

namespace evc::auth_service {
namespace {

using http::Request;
using http::Response;

constexpr std::chrono::milliseconds kConsolePause{500};
constexpr std::chrono::seconds kConsoleTimeout{10};

Response oauth_answer(Result<json::Object> body) {
  if (!body) return oauth_error(body.error());
  return http::no_store(Response::json(200, *body));
}

Task<Response> discovery(Provider& provider, RequestContext&, Request&) {
  Response response = Response::json(200, discovery_document(provider.issuer.settings().issuer));
  response.headers.set("cache-control", "public, max-age=300");
  co_return response;
}

Task<Response> authorize(Provider& provider, RequestContext& context, Request& request) {
  co_return co_await provider.authorization.begin(context, request);
}

Task<Response> answer_sign_in(Provider& provider, RequestContext& context, Request& request) {
  co_return co_await provider.authorization.sign_in(context, request, origin_of(request));
}

Task<Response> answer_consent(Provider& provider, RequestContext& context, Request& request) {
  co_return co_await provider.authorization.consent(context, request);
}

Task<Response> asset(Provider& provider, RequestContext& context, Request& request) {
  const auto found = provider.assets.find(request.path_parameters.at("name"));
  if (found == provider.assets.end()) co_return http::problem(Error{.code = Code::kNotFound}, context, request.path);
  const bool known = request.headers.get("if-none-match") == found->second.tag;
  Response response =
      known ? Response::empty(304) : Response::text(200, found->second.body, found->second.content_type);
  response.headers.set("cache-control", "public, max-age=3600");
  response.headers.set("etag", found->second.tag);
  co_return response;
}

// Sign-in through the platform's own programs is no client of the table: it may name itself or not.
bool is_our_app(const Request& request, const Parameters& fields) {
  return !request.headers.contains("authorization") && !field(fields, "client_assertion") &&
         field(fields, "client_id").value_or(std::string(kAppClient)) == kAppClient;
}

Task<Response> refresh_of_app(Provider& provider, RequestContext& context, Parameters fields) {
  const auto token = field(fields, "refresh_token");
  if (!token) co_return oauth_error(400, "invalid_request", "refresh_token is missing");
  auto pair = co_await provider.issuer.refresh(context, *token);
  if (!pair) co_return oauth_error(pair.error());
  co_return oauth_answer(json::Object{{"access_token", pair->access_token},
                                      {"token_type", "Bearer"},
                                      {"expires_in", pair->expires_in},
                                      {"refresh_token", pair->refresh_token}});
}

Task<Response> token(Provider& provider, RequestContext& context, Request& request) {
  auto fields = form_of(request);
  if (!fields) co_return oauth_error(fields.error());
  const std::string grant = field(*fields, "grant_type").value_or("");
  if (grant.empty()) co_return oauth_error(400, "invalid_request", "grant_type is missing");
  if (grant != "authorization_code" && grant != "refresh_token") co_return oauth_error(400, "unsupported_grant_type");
  if (grant == "refresh_token" && is_our_app(request, *fields))
    co_return co_await refresh_of_app(provider, context, std::move(*fields));
  auto client = co_await provider.clients.authenticate(context, request, *fields);
  if (!client) co_return oauth_error(client.error());
  if (grant == "refresh_token") {
    if (!field(*fields, "refresh_token")) co_return oauth_error(400, "invalid_request", "refresh_token is missing");
    co_return oauth_answer(co_await provider.grants.refresh(context, std::move(*client), std::move(*fields)));
  }
  if (!field(*fields, "code")) co_return oauth_error(400, "invalid_request", "code is missing");
  co_return oauth_answer(co_await provider.grants.redeem(context, std::move(*client), std::move(*fields)));
}

// What the token's scopes open of the person it speaks for.
Task<Response> userinfo(Provider& provider, RequestContext& context, Request& request) {
  const auto id = parse_uuid(context.principal.subject);
  auto account = co_await find_account(context, provider.pool, id ? *id : Uuid{});
  if (!account) co_return http::problem(account.error(), context, request.path);
  if (!*account) co_return http::problem(Error{.code = Code::kTokenInvalid}, context, request.path);
  auto secret = co_await provider.issuer.person_secret(context, *id);
  if (!secret) co_return http::problem(secret.error(), context, request.path);
  json::Object claims{{"sub", context.principal.subject}};
  const SealKey columns = column_key(*secret, "auth");
  const auto name = open_sealed(columns, (*account)->name_sealed, account_place("name", *id));
  const auto email = open_sealed(columns, (*account)->email_sealed, account_place("email", *id));
  if (!name || !email) co_return http::problem(Error{.code = Code::kInternal}, context, request.path);
  if (context.principal.has_scope("profile")) claims["name"] = *name;
  if (context.principal.has_scope("email")) {
    claims["email"] = *email;
    claims["email_verified"] = true;  // no account is active before
  }
  co_return http::no_store(Response::json(200, claims));
}

Task<Response> introspect(Provider& provider, RequestContext& context, Request& request) {
  auto fields = form_of(request);
  if (!fields) co_return oauth_error(fields.error());
  auto client = co_await provider.clients.authenticate(context, request, *fields);
  if (!client) co_return oauth_error(client.error());
  // Whoever only says a name could ask about any token.
  if (client->authentication == ClientAuthentication::kNone)
    co_return oauth_error(Error{.code = Code::kUnauthenticated, .detail = "this client has no credentials"});
  const auto presented = field(*fields, "token");
  if (!presented) co_return oauth_error(400, "invalid_request", "token is missing");
  co_return oauth_answer(co_await provider.grants.introspect(context, std::move(*client), *presented));
}

Task<Response> revoke(Provider& provider, RequestContext& context, Request& request) {
  auto fields = form_of(request);
  if (!fields) co_return oauth_error(fields.error());
  auto client = co_await provider.clients.authenticate(context, request, *fields);
  if (!client) co_return oauth_error(client.error());
  const auto presented = field(*fields, "token");
  if (!presented) co_return oauth_error(400, "invalid_request", "token is missing");
  auto revoked = co_await provider.grants.revoke(context, std::move(*client), *presented);
  if (!revoked) co_return oauth_error(revoked.error());
  co_return http::no_store(Response::empty(200));
}

Task<Response> logout(Provider& provider, RequestContext& context, Request& request) {
  co_return co_await provider.sign_out.begin(context, request);
}

Task<Response> confirm_logout(Provider& provider, RequestContext& context, Request& request) {
  co_return co_await provider.sign_out.confirm(context, request);
}

OauthClient console_client(const std::string& issuer) {
  return {.id = std::string(kConsoleClient),
          .name = "EV-Costa Console",
          .authentication = ClientAuthentication::kNone,
          .secret_hash = {},
          .key_set = nullptr,
          .redirect_uris = {issuer + "/session/callback"},
          .post_logout_redirect_uris = {issuer + "/console/", issuer + "/"},
          .scope = every_scope(),
          .id_token_algorithm = "ES256",
          .party = Party::kFirst};
}

}  // namespace

void add_provider_routes(http::Router& router, Provider& provider) {
  http::Operations<Provider> operations(router, "auth", provider);
  operations.add("getOpenidConfiguration", discovery);
  operations.add("authorize", authorize);
  operations.add("authorizeByForm", authorize);
  operations.add("answerSignIn", answer_sign_in);
  operations.add("answerConsent", answer_consent);
  operations.add("getPageAsset", asset);
  operations.add("oauthToken", token);
  operations.add("getUserinfo", userinfo);
  operations.add("getUserinfoByForm", userinfo);
  operations.add("introspectToken", introspect);
  operations.add("revokeToken", revoke);
  operations.add("endSession", logout);
  operations.add("endSessionByForm", logout);
  operations.add("confirmLogout", confirm_logout);
}

Task<> keep_console_client(Worker& worker, postgres::Pool& pool, std::string issuer) {
  while (!worker.tasks().cancelled()) {
    RequestContext context = background_context(kConsoleTimeout);
    auto put = co_await put_client(context, pool, console_client(issuer), context.clock->wall());
    if (put) co_return;
    EVC_LOG(kWarn, "The console's client could not be written yet",
            {{telemetry::key::kErrorDetail, put.error().detail}});
    co_await sleep_for(worker, kConsolePause);
  }
}

}  // namespace evc::auth_service
