#include "kit/auth/service_token.hpp"

#include <algorithm>

#include "kit/base/json.hpp"

namespace evc::auth {
namespace {

constexpr std::chrono::seconds kRenewBefore{60};

struct TokenAnswer {
  std::string access_token;
  std::int64_t expires_in = 0;
};

// OAuth keeps its RFC spelling (snake_case), which the codec's camelCase would not find.
Result<TokenAnswer> parse_answer(std::string_view body) {
  EVC_TRY(value, json::parse(body));
  if (!value.is_object()) return fail(Code::kProtocolError, "the token answer is not an object");
  const auto* token = value.get_object().if_contains("access_token");
  const auto* expires = value.get_object().if_contains("expires_in");
  if (token == nullptr || !token->is_string() || expires == nullptr || !expires->is_int64()) {
    return fail(Code::kProtocolError, "the token answer misses access_token or expires_in");
  }
  return TokenAnswer{std::string(token->get_string()), expires->get_int64()};
}

}  // namespace

struct ServiceTokens::Impl {
  std::shared_ptr<http::Client> auth;
  std::string client_id;
  std::string token;
  SteadyTime renew_at{};
};

ServiceTokens::ServiceTokens(Worker&, std::shared_ptr<http::Client> auth, std::string client_id)
    : impl_(std::make_shared<Impl>(Impl{.auth = std::move(auth), .client_id = std::move(client_id)})) {}

ServiceTokens::~ServiceTokens() = default;

void ServiceTokens::renew_after(SteadyTime when) {
  impl_->renew_at = std::min(impl_->renew_at, when);
}

Task<Result<std::string>> ServiceTokens::token(RequestContext& context) {
  const auto impl = impl_;
  if (!impl->token.empty() && context.clock->steady() < impl->renew_at) co_return impl->token;
  http::Call call{.method = "POST",
                  .target = "/internal/oauth2/token",
                  .route_class = "/internal/oauth2/token",
                  .repeat = http::Call::Repeat::kIdempotent};
  call.headers.set("content-type", "application/x-www-form-urlencoded");
  call.body = "grant_type=client_credentials&client_id=" + impl->client_id;
  EVC_CO_TRY(response, co_await impl->auth->send(context, std::move(call)));
  if (response.status != 200) co_return fail(Code::kServiceUnavailable, "auth issued no service token");
  EVC_CO_TRY(answer, parse_answer(response.body));
  impl->token = std::move(answer.access_token);
  impl->renew_at = context.clock->steady() + std::chrono::seconds(answer.expires_in) - kRenewBefore;
  co_return impl->token;
}

}  // namespace evc::auth
