#include "services/gateway/session/auth_calls.hpp"

#include "kit/base/bytes.hpp"
#include "kit/base/json.hpp"
#include "kit/http/target.hpp"

namespace evc::gateway {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kForm = "application/x-www-form-urlencoded";

std::string form_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string text;
  for (const auto& [name, value] : fields)
    text.append(text.empty() ? "" : "&").append(name).append("=").append(http::percent_encode(value));
  return text;
}

std::string handle_body(const std::string& handle, const std::optional<std::string>& refused = {}) {
  json::Object body{{"handle", handle}};
  if (refused) body["refused"] = base64url_encode(view(sha256(*refused)));
  return json::serialize(body);
}

// A member of an answer that may have more of them than we know.
template <class T>
Result<T> member(const json::Value& answer, std::string_view name) {
  const json::Value* value = answer.is_object() ? answer.as_object().if_contains(name) : nullptr;
  if (value == nullptr) return fail(Code::kProtocolError, "auth's answer lacks " + std::string(name));
  return json::decode<T>(*value);
}

Result<CodeTokens> tokens_in(const std::string& body) {
  EVC_TRY(answer, json::parse(body));
  EVC_TRY(access, member<std::string>(answer, "access_token"));
  EVC_TRY(expires_in, member<std::int64_t>(answer, "expires_in"));
  EVC_TRY(refresh, member<std::string>(answer, "refresh_token"));
  return CodeTokens{.access_token = access, .expires_in = expires_in, .refresh_token = refresh};
}

}  // namespace

Task<Result<http::Response>> AuthCalls::post(RequestContext& context, std::string path, std::string type,
                                             std::string body, http::Call::Repeat repeat) {
  http::Call call{.method = "POST",
                  .target = path,
                  .route_class = path,
                  .breaker = "browser-session",
                  .body = std::move(body),
                  .repeat = repeat};
  call.headers.add("Content-Type", type);
  auto answer = co_await auth_->send(context, std::move(call));
  if (!answer) co_return fail(Code::kServiceUnavailable, "sign-in is not there at the moment");
  if (answer->status >= 500) co_return fail(Code::kServiceUnavailable, "sign-in is not there at the moment");
  co_return std::move(*answer);
}

Task<Result<CodeTokens>> AuthCalls::exchange(RequestContext& context, CodeExchange exchange) {
  std::string body = form_of({{"grant_type", "authorization_code"},
                              {"client_id", kConsoleClient},
                              {"code", exchange.code},
                              {"code_verifier", exchange.verifier},
                              {"redirect_uri", exchange.redirect_uri}});
  EVC_CO_TRY(answer, co_await post(context, "/oauth2/token", kForm, std::move(body), http::Call::Repeat::kOnce));
  if (answer.status != 200) co_return fail(Code::kSignInIncomplete);
  co_return tokens_in(answer.body);
}

Task<Result<void>> AuthCalls::begin(RequestContext& context, std::string handle, CodeTokens tokens,
                                    std::optional<std::string> replaces) {
  json::Object body{{"handle", handle},
                    {"accessToken", tokens.access_token},
                    {"expiresIn", tokens.expires_in},
                    {"refreshToken", tokens.refresh_token}};
  if (replaces) body["replaces"] = *replaces;
  EVC_CO_TRY(answer, co_await post(context, "/internal/browser-sessions", kJson, json::serialize(body),
                                   http::Call::Repeat::kOnce));
  if (answer.status != 201) co_return fail(Code::kSignInIncomplete);
  co_return Result<void>{};
}

Task<Result<SessionUse>> AuthCalls::use(RequestContext& context, std::string handle,
                                        std::optional<std::string> refused) {
  EVC_CO_TRY(answer, co_await post(context, "/internal/browser-sessions/use", kJson, handle_body(handle, refused),
                                   http::Call::Repeat::kIdempotent));
  if (answer.status == 404) co_return fail(Code::kUnauthenticated);
  if (answer.status != 200) co_return fail(Code::kServiceUnavailable, "the session cannot be asked about");
  co_return json::decode_text<SessionUse>(answer.body);
}

Task<Result<void>> AuthCalls::end(RequestContext& context, std::string handle) {
  EVC_CO_TRY(answer, co_await post(context, "/internal/browser-sessions/end", kJson, handle_body(handle),
                                   http::Call::Repeat::kIdempotent));
  if (answer.status != 204) co_return fail(Code::kServiceUnavailable, "the session cannot be ended at the moment");
  co_return Result<void>{};
}

}  // namespace evc::gateway
