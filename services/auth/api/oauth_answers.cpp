#include "services/auth/api/oauth_answers.hpp"

#include "kit/http/operation.hpp"

namespace evc::auth_service {

Result<Parameters> form_of(const http::Request& request) {
  const auto type = request.headers.get("content-type");
  if (!type || !type->starts_with("application/x-www-form-urlencoded"))
    return fail(Code::kBadRequest, "application/x-www-form-urlencoded is needed");
  EVC_TRY(query, http::Query::parse(request.body));
  auto fields = single_parameters(query.all());
  if (!fields) return fail(Code::kBadRequest, "a parameter stands there twice");
  return std::move(*fields);
}

std::optional<std::string> field(const Parameters& fields, const char* name) {
  const auto found = fields.find(name);
  if (found == fields.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

http::Response oauth_error(int status, std::string_view error, std::string_view description) {
  json::Object body{{"error", error}};
  if (!description.empty()) body["error_description"] = description;
  http::Response response = http::Response::json(status, body);
  if (status == 401) response.headers.set("www-authenticate", "Basic realm=\"EV-Costa\"");
  if (status == 503) response.headers.set("retry-after", "1");
  return http::no_store(std::move(response));
}

http::Response oauth_error(const Error& error) {
  switch (error.code) {
    case Code::kUnauthenticated:
      return oauth_error(401, "invalid_client", error.detail);
    case Code::kRefreshTokenInvalid:
    case Code::kVerificationInvalid:
    case Code::kTokenInvalid:
      return oauth_error(400, "invalid_grant", error.detail);
    case Code::kValidationFailed:
      return oauth_error(400, "invalid_scope", error.fields.empty() ? "" : error.fields.front().detail);
    case Code::kForbidden:
      return oauth_error(400, "unauthorized_client", error.detail);
    case Code::kBadRequest:
      return oauth_error(400, "invalid_request", error.detail);
    default:
      return oauth_error(503, "temporarily_unavailable");
  }
}

}  // namespace evc::auth_service
