#include "services/payment/provider/provider_client.hpp"

namespace evc::payment {
namespace {

struct AuthoriseBody {
  std::string reference;
  Money amount;
  std::string token;
};
BOOST_DESCRIBE_STRUCT(AuthoriseBody, (), (reference, amount, token))

struct AmountBody {
  Money amount;
};
BOOST_DESCRIBE_STRUCT(AmountBody, (), (amount))

std::optional<Reply> reply_of(Result<http::Response> response) {
  if (!response) return std::nullopt;
  return Reply{response->status, std::move(response->body)};
}

}  // namespace

ProviderClient::ProviderClient(std::shared_ptr<http::Client> provider, Secret<std::string> api_key,
                               std::chrono::milliseconds try_timeout)
    : provider_(std::move(provider)), authorization_("Bearer " + api_key.reveal()), try_timeout_(try_timeout) {}

Task<Result<http::Response>> ProviderClient::call(RequestContext& context, std::string method, std::string target,
                                                  std::string route_class, std::string key, std::string body) {
  http::Call call{.method = std::move(method),
                  .target = std::move(target),
                  .route_class = std::move(route_class),
                  .try_timeout = try_timeout_};
  call.headers.add("authorization", authorization_);
  if (!key.empty()) call.headers.add("idempotency-key", key);
  if (!body.empty()) call.headers.add("content-type", "application/json");
  call.body = std::move(body);
  const auto provider = provider_;
  co_return co_await provider->send(context, std::move(call));
}

Task<Finding> ProviderClient::authorise(RequestContext& context, Payment payment) {
  std::string body = json::encode_text(
      AuthoriseBody{.reference = payment.reference, .amount = payment.money(payment.asked), .token = payment.token});
  auto response = co_await call(context, "POST", "/v1/authorizations", "/v1/authorizations",
                                payment.reference + ":authorise", std::move(body));
  co_return authorise_said(reply_of(std::move(response)));
}

Task<Finding> ProviderClient::look(RequestContext& context, Payment payment, Step step) {
  auto response = co_await call(context, "GET", "/v1/authorizations?reference=" + payment.reference,
                                "/v1/authorizations?reference", "", "");
  co_return look_said(step, reply_of(std::move(response)));
}

Task<Finding> ProviderClient::capture(RequestContext& context, Payment payment, std::int64_t amount) {
  std::string body = json::encode_text(AmountBody{payment.money(amount)});
  auto response =
      co_await call(context, "POST", "/v1/authorizations/" + payment.provider_id.value_or("none") + "/capture",
                    "/v1/authorizations/{id}/capture", payment.reference + ":capture", std::move(body));
  const auto reply = reply_of(std::move(response));
  if (auto said = step_said(Step::kCapture, reply)) co_return std::move(*said);
  Finding seen = co_await look(context, payment, Step::kCapture);
  co_return after_look(Step::kCapture, reply, std::move(seen));
}

Task<Finding> ProviderClient::release(RequestContext& context, Payment payment) {
  auto response = co_await call(context, "POST", "/v1/authorizations/" + payment.provider_id.value_or("none") + "/void",
                                "/v1/authorizations/{id}/void", payment.reference + ":void", "");
  const auto reply = reply_of(std::move(response));
  if (auto said = step_said(Step::kVoid, reply)) co_return std::move(*said);
  Finding seen = co_await look(context, payment, Step::kVoid);
  co_return after_look(Step::kVoid, reply, std::move(seen));
}

Task<Finding> ProviderClient::increment(RequestContext& context, Payment payment, Increment increment) {
  std::string body = json::encode_text(AmountBody{payment.money(increment.amount)});
  std::string key = payment.reference + ":increment:" + std::to_string(increment.number);
  auto response =
      co_await call(context, "POST", "/v1/authorizations/" + payment.provider_id.value_or("none") + "/increment",
                    "/v1/authorizations/{id}/increment", std::move(key), std::move(body));
  co_return increment_said(increment.number, reply_of(std::move(response)));
}

Task<Finding> ProviderClient::refund(RequestContext& context, Payment payment, Refund refund) {
  std::string body = json::encode_text(AmountBody{payment.money(refund.amount)});
  std::string key = payment.reference + ":refund:" + std::to_string(refund.number);
  auto response =
      co_await call(context, "POST", "/v1/authorizations/" + payment.provider_id.value_or("none") + "/refund",
                    "/v1/authorizations/{id}/refund", std::move(key), std::move(body));
  co_return refund_said(refund.number, reply_of(std::move(response)));
}

}  // namespace evc::payment
