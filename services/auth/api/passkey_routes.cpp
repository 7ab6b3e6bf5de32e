#include "services/auth/api/passkey_routes.hpp"

#include "services/auth/api/account_routes.hpp"

namespace evc::auth_service {
namespace {

using http::Request;
using http::Response;

Response refused(const Error& error, const RequestContext& context, const Request& request) {
  return http::no_store(http::problem(error, context, request.path));
}

Response done(const Result<void>& outcome, const RequestContext& context, const Request& request) {
  return outcome ? http::no_store(Response::empty(204)) : refused(outcome.error(), context, request);
}

Response options(const Result<json::Object>& outcome, const RequestContext& context, const Request& request) {
  return outcome ? http::no_store(Response::json(200, *outcome)) : refused(outcome.error(), context, request);
}

Task<Response> prove_session(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<ProofRequest>(request);
  if (!body) co_return refused(body.error(), context, request);
  co_return done(co_await api.passkeys.prove(context, std::move(*body)), context, request);
}

Task<Response> proof_options(Api& api, RequestContext& context, Request& request) {
  co_return options(co_await api.passkeys.begin_proof(context), context, request);
}

Task<Response> passkey_options(Api& api, RequestContext& context, Request& request) {
  co_return options(co_await api.passkeys.begin_registration(context), context, request);
}

Task<Response> add_one(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<PasskeyToAdd>(request);
  if (!body) co_return refused(body.error(), context, request);
  auto added = co_await api.passkeys.add(context, std::move(*body));
  if (!added) co_return refused(added.error(), context, request);
  co_return http::no_store(Response::json(201, json::encode(*added)));
}

Task<Response> list_passkeys(Api& api, RequestContext& context, Request& request) {
  auto list = co_await api.passkeys.list(context);
  if (!list) co_return refused(list.error(), context, request);
  co_return http::no_store(Response::json(200, json::encode(*list)));
}

Task<Response> rename_one(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<PasskeyName>(request);
  if (!body) co_return refused(body.error(), context, request);
  co_return done(co_await api.passkeys.rename(context, request.path_parameters.at("passkeyId"), std::move(body->name)),
                 context, request);
}

Task<Response> delete_one(Api& api, RequestContext& context, Request& request) {
  co_return done(co_await api.passkeys.remove(context, request.path_parameters.at("passkeyId")), context, request);
}

Task<Response> sign_in_options(Api& api, RequestContext& context, Request& request) {
  co_return options(co_await api.passkeys.begin_sign_in(context), context, request);
}

Task<Response> sign_in(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<PasskeyToUse>(request);
  if (!body) co_return refused(body.error(), context, request);
  auto signed_in = co_await api.passkeys.sign_in(context, std::move(*body), origin_of(request));
  if (!signed_in) co_return refused(signed_in.error(), context, request);
  co_return signed_in_response(*signed_in);
}

}  // namespace

void add_passkey_routes(http::Operations<Api>& operations) {
  operations.add("proveSession", prove_session);
  operations.add("proofOptions", proof_options);
  operations.add("passkeyOptions", passkey_options);
  operations.add("addPasskey", add_one);
  operations.add("listPasskeys", list_passkeys);
  operations.add("renamePasskey", rename_one);
  operations.add("deletePasskey", delete_one);
  operations.add("passkeySignInOptions", sign_in_options);
  operations.add("passkeySignIn", sign_in);
}

}  // namespace evc::auth_service
