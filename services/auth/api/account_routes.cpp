#include "services/auth/api/account_routes.hpp"

#include "services/auth/domain/device.hpp"

namespace evc::auth_service {
namespace {

using http::Request;
using http::Response;

struct PasswordRequest {
  std::string password;
};
BOOST_DESCRIBE_STRUCT(PasswordRequest, (), (password))
struct CodeRequest {
  std::string code;
};
BOOST_DESCRIBE_STRUCT(CodeRequest, (), (code))
struct TotpDisableRequest {
  std::string password, code;
};
BOOST_DESCRIBE_STRUCT(TotpDisableRequest, (), (password, code))

Response done(const Result<void>& outcome, const RequestContext& context, const Request& request, int status) {
  return http::no_store(outcome ? Response::empty(status) : http::problem(outcome.error(), context, request.path));
}

template <class T>
Response shown(const Result<T>& outcome, const RequestContext& context, const Request& request) {
  if (!outcome) return http::no_store(http::problem(outcome.error(), context, request.path));
  return http::no_store(Response::json(200, json::encode(*outcome)));
}

Task<Response> list_sessions(Api& api, RequestContext& context, Request& request) {
  co_return shown(co_await api.sessions.list(context), context, request);
}

Task<Response> end_session(Api& api, RequestContext& context, Request& request) {
  co_return done(co_await api.sessions.end_one(context, request.path_parameters.at("sessionId")), context, request,
                 204);
}

Task<Response> end_other_sessions(Api& api, RequestContext& context, Request& request) {
  co_return done(co_await api.sessions.end_others(context), context, request, 204);
}

Task<Response> request_reset(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<AddressRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  co_return done(co_await api.credentials.request_reset(context, std::move(*body)), context, request, 202);
}

Task<Response> confirm_reset(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<ResetRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  co_return done(co_await api.credentials.confirm_reset(context, std::move(*body)), context, request, 204);
}

Task<Response> change_password(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<PasswordChangeRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto begun = co_await api.credentials.change_password(context, std::move(*body), origin_of(request));
  if (!begun) co_return http::no_store(http::problem(begun.error(), context, request.path));
  co_return signed_in_response(*begun);
}

Task<Response> request_email_change(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<EmailChangeRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  co_return done(co_await api.credentials.request_email_change(context, std::move(*body)), context, request, 202);
}

Task<Response> confirm_email_change(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<CodeRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  co_return done(co_await api.credentials.confirm_email_change(context, std::move(body->code)), context, request, 204);
}

Task<Response> enrol_totp(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<PasswordRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto person = co_await api.credentials.prove(context, std::move(body->password));
  if (!person) co_return http::no_store(http::problem(person.error(), context, request.path));
  co_return shown(co_await api.second_factor.enrol(context, std::move(*person)), context, request);
}

Task<Response> confirm_totp(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<CodeRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  co_return shown(co_await api.credentials.confirm_second_factor(context, std::move(body->code)), context, request);
}

Task<Response> disable_totp(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<TotpDisableRequest>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto person = co_await api.credentials.prove_both(context, std::move(body->password), std::move(body->code));
  if (!person) co_return http::no_store(http::problem(person.error(), context, request.path));
  co_return done(co_await api.second_factor.disable(context, std::move(*person)), context, request, 204);
}

}  // namespace

Response signed_in_response(const SignedIn& begun) {
  Response response = Response::json(200, json::encode(begun.tokens));
  response.headers.set("set-cookie", device_cookie(begun.device_mark));
  return http::no_store(std::move(response));
}

Origin origin_of(const Request& request) {
  const auto mark = cookie(request.headers.get("cookie").value_or(""), kDeviceCookie);
  return {.address = std::string(request.headers.get("x-forwarded-for").value_or(request.remote_address)),
          .device = device_label(request.headers.get("user-agent").value_or("")),
          .device_mark = std::string(mark.value_or(""))};
}

void add_account_routes(http::Operations<Api>& operations) {
  operations.add("listAuthSessions", list_sessions);
  operations.add("endAuthSession", end_session);
  operations.add("endOtherAuthSessions", end_other_sessions);
  operations.add("requestPasswordReset", request_reset);
  operations.add("confirmPasswordReset", confirm_reset);
  operations.add("changePassword", change_password);
  operations.add("requestEmailChange", request_email_change);
  operations.add("confirmEmailChange", confirm_email_change);
  operations.add("enrolTotp", enrol_totp);
  operations.add("confirmTotp", confirm_totp);
  operations.add("disableTotp", disable_totp);
}

}  // namespace evc::auth_service
