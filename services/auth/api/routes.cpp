#include "services/auth/api/routes.hpp"

#include <charconv>
#include <set>

#include "kit/base/bytes.hpp"
#include "kit/http/operation.hpp"
#include "services/auth/api/account_routes.hpp"
#include "services/auth/api/browser_session_routes.hpp"
#include "services/auth/api/erasure_routes.hpp"
#include "services/auth/api/oauth_answers.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

using http::Request;
using http::Response;

Task<Response> register_account(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<RegisterRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto done = co_await api.credentials.register_account(context, std::move(*body));
  if (!done) co_return http::problem(done.error(), context, request.path);
  co_return http::no_store(Response::empty(202));
}

Task<Response> verify_account(Api& api, RequestContext& context, Request& request) {
  auto done = co_await api.credentials.verify(context, std::string(request.query.get("token").value_or("")));
  if (!done) co_return http::problem(done.error(), context, request.path);
  co_return http::no_store(Response::json(200, json::Object{{"status", "active"}}));
}

Task<Response> login(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<LoginRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto signed_in = co_await api.credentials.login(context, std::move(*body), origin_of(request));
  if (!signed_in) co_return http::no_store(http::problem(signed_in.error(), context, request.path));
  const std::optional<SignedIn>& begun = *signed_in;
  if (!begun) co_return http::no_store(Response::json(202, json::Object{{"secondFactor", "totp"}}));
  co_return signed_in_response(*begun);
}

struct RefreshRequest {
  std::string refresh_token;
};
BOOST_DESCRIBE_STRUCT(RefreshRequest, (), (refresh_token))

Task<Response> refresh(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<RefreshRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto pair = co_await api.issuer.refresh(context, std::move(body->refresh_token));
  if (!pair) co_return http::no_store(http::problem(pair.error(), context, request.path));
  co_return http::no_store(Response::json(200, json::encode(*pair)));
}

Task<Response> logout(Api& api, RequestContext& context, Request& request) {
  auto session = parse_uuid(context.principal.session_id);
  if (!session) co_return http::problem(Error{.code = Code::kTokenInvalid}, context, request.path);
  auto done = co_await api.issuer.end_session(context, *session, "logout", TokenIssuer::ConsentThen::kStays);
  if (!done) co_return http::problem(done.error(), context, request.path);
  co_return http::no_store(Response::empty(204));
}

Task<Response> jwks(Api& api, RequestContext& context, Request& request) {
  const json::Object set = api.keys.jwks(context.clock->wall());
  Response response = Response::json(200, set);
  const Digest digest = sha256(response.body);
  const std::string tag = '"' + hex_encode(view(digest).substr(0, 16)) + '"';
  if (request.headers.get("if-none-match") == tag) response = Response::empty(304);
  response.headers.set("cache-control", "public, max-age=300");
  response.headers.set("etag", tag);
  co_return response;
}

Task<Response> service_token(Api& api, RequestContext& context, Request& request) {
  const auto fields = form_of(request);
  if (!fields) co_return oauth_error(fields.error());
  if (field(*fields, "grant_type") != "client_credentials") co_return oauth_error(400, "unsupported_grant_type");
  // The certificate is the credential; naming another client is refused, not corrected.
  if (field(*fields, "client_id") != request.peer_name) co_return oauth_error(401, "invalid_client");
  auto token = api.issuer.service_token(request.peer_name, context.clock->wall());
  if (!token) co_return oauth_error(503, "temporarily_unavailable");
  co_return http::no_store(Response::json(200, json::Object{{"access_token", *token},
                                                            {"token_type", "Bearer"},
                                                            {"expires_in", api.issuer.settings().service_token_s}}));
}

Task<Response> deny_set(Api& api, RequestContext& context, Request& request) {
  const auto since_text = request.query.get("since").value_or("0");
  std::int64_t since = 0;
  const auto parsed = std::from_chars(since_text.data(), since_text.data() + since_text.size(), since);
  if (parsed.ec != std::errc() || parsed.ptr != since_text.data() + since_text.size() || since < 0) {
    Error error{.code = Code::kValidationFailed, .fields = {{"?since", "a version, 0 or more"}}};
    co_return http::problem(error, context, request.path);
  }
  auto set = co_await read_deny_set(context, api.pool, since, context.clock->wall());
  if (!set) co_return http::problem(set.error(), context, request.path);
  set->key_set = api.keys.version();
  co_return http::no_store(Response::json(200, json::encode(*set)));
}

Task<Response> get_account(Api& api, RequestContext& context, Request& request) {
  auto id = parse_uuid(request.path_parameters.at("userId"));
  if (!id) co_return http::problem(Error{.code = Code::kNotFound}, context, request.path);
  auto account = co_await find_account(context, api.pool, *id);
  if (!account) co_return http::problem(account.error(), context, request.path);
  if (!*account) co_return http::problem(Error{.code = Code::kNotFound}, context, request.path);
  auto secret = co_await api.issuer.person_secret(context, *id);
  if (!secret) co_return http::problem(secret.error(), context, request.path);
  const SealKey columns = column_key(*secret, "auth");
  auto email = open_sealed(columns, (*account)->email_sealed, account_place("email", *id));
  auto name = open_sealed(columns, (*account)->name_sealed, account_place("name", *id));
  if (!email || !name) co_return http::problem(Error{.code = Code::kInternal}, context, request.path);
  const SealKey caller_key = column_key(*secret, request.peer_name);
  co_return http::no_store(Response::json(200, json::Object{{"email", *email},
                                                            {"name", *name},
                                                            {"columnKey", base64url_encode(caller_key.reveal())},
                                                            {"createdAt", format_rfc3339((*account)->created_at)}}));
}

}  // namespace

void add_routes(http::Router& router, Api& api) {
  http::Operations<Api> operations(router, "auth", api);
  operations.add("registerAccount", register_account);
  operations.add("verifyAccount", verify_account);
  operations.add("login", login);
  operations.add("refreshTokens", refresh);
  operations.add("logout", logout);
  operations.add("getJwks", jwks);
  operations.add("serviceToken", service_token);
  operations.add("getDenySet", deny_set);
  operations.add("getAccount", get_account);
  add_account_routes(operations);
  add_erasure_routes(operations);
  add_browser_session_routes(operations);
}

}  // namespace evc::auth_service
