#include "services/user/peers/account_client.hpp"

namespace evc::user {
namespace {

constexpr std::string_view kNotUnderstood = "auth's answer about an account is not understood";

struct Frozen {
  std::string pseudonym;
};
BOOST_DESCRIBE_STRUCT(Frozen, (), (pseudonym))

http::Call call_of(const Uuid& id, std::string method, const std::string& what) {
  return {.method = std::move(method),
          .target = "/internal/accounts/" + to_string(id) + what,
          .route_class = "/internal/accounts/{userId}" + what,
          .repeat = http::Call::Repeat::kIdempotent};
}

}  // namespace

Task<Result<http::Response>> AccountClient::about(RequestContext& context, Uuid id, std::string method,
                                                  std::string what) {
  co_return co_await ask(context, auth_, call_of(id, std::move(method), what));
}

Task<Result<json::Object>> AccountClient::records(RequestContext& context, Uuid id) {
  EVC_CO_TRY(response, co_await about(context, id, "GET", "/records"));
  auto body = json::parse(response.body);
  if (!body || !body->is_object()) co_return fail(Code::kUpstreamFailed, std::string(kNotUnderstood));
  co_return std::move(body->get_object());
}

Task<Result<void>> AccountClient::prove(RequestContext& context, Uuid id, Proof proof) {
  http::Call call = call_of(id, "POST", "/proof");
  call.repeat = http::Call::Repeat::kOnce;  // a code is good once
  call.headers.set("content-type", "application/json");
  json::Object body{{"sessionId", context.principal.session_id}, {"password", proof.password}};
  if (proof.code) body["code"] = *proof.code;
  call.body = json::serialize(body);
  EVC_CO_CHECK(co_await ask(context, auth_, std::move(call)));
  co_return Result<void>{};
}

Task<Result<std::string>> AccountClient::freeze(RequestContext& context, Uuid id) {
  EVC_CO_TRY(response, co_await about(context, id, "PUT", "/freeze"));
  auto frozen = json::decode_text<Frozen>(response.body, json::Unknown::kIgnore);
  if (!frozen) co_return fail(Code::kUpstreamFailed, std::string(kNotUnderstood));
  co_return std::move(frozen->pseudonym);
}

Task<Result<void>> AccountClient::unfreeze(RequestContext& context, Uuid id) {
  EVC_CO_CHECK(co_await about(context, id, "DELETE", "/freeze"));
  co_return Result<void>{};
}

Task<Result<void>> AccountClient::erase(RequestContext& context, Uuid id) {
  EVC_CO_CHECK(co_await about(context, id, "DELETE", ""));
  co_return Result<void>{};
}

Task<Result<ErasedPeople>> AccountClient::erased(RequestContext& context, std::int64_t after) {
  http::Call call{.method = "GET",
                  .target = "/internal/erasures?after=" + std::to_string(after),
                  .route_class = "/internal/erasures",
                  .repeat = http::Call::Repeat::kIdempotent};
  EVC_CO_TRY(response, co_await ask(context, auth_, std::move(call)));
  auto people = json::decode_text<ErasedPeople>(response.body, json::Unknown::kIgnore);
  if (!people) co_return fail(Code::kUpstreamFailed, std::string(kNotUnderstood));
  co_return std::move(*people);
}

}  // namespace evc::user
