#include "services/payment/provider/provider_client.hpp"

namespace evc::payment {
namespace {

struct Answer {
  std::string id;
  std::string status;
  Money amount;
  Money captured;
  std::optional<std::string> decline_reason;
  WallTime expires_at{};
};
BOOST_DESCRIBE_STRUCT(Answer, (), (id, status, amount, captured, decline_reason, expires_at))

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

// The provider understood and said no; other refusals (who we are, too many calls, its own trouble) say nothing about
// the step.
bool refused_for_good(int status) {
  return status == 400 || status == 404 || status == 409 || status == 422;
}

Outcome outcome_of(Step step, const Answer& answer) {
  if (answer.status == "declined") return Outcome::kDeclined;
  if (answer.status == "captured") return Outcome::kCaptured;
  if (answer.status == "voided") return Outcome::kVoided;
  if (answer.status == "expired") return Outcome::kExpired;
  if (answer.status == "authorised") return step == Step::kAuthorise ? Outcome::kAuthorised : Outcome::kNotYet;
  return Outcome::kUnknown;
}

}  // namespace

Finding read_answer(Step step, std::string_view body) {
  // Tolerant: a provider may say more than we need.
  const auto answer = json::decode_text<Answer>(body, json::Unknown::kIgnore);
  if (!answer) return {.outcome = Outcome::kUnknown};
  const Outcome outcome = outcome_of(step, *answer);
  return {.outcome = outcome,
          .amount = outcome == Outcome::kCaptured ? answer->captured.amount : answer->amount.amount,
          .provider_id = answer->id,
          .reason = answer->decline_reason.value_or(""),
          .expires_at = answer->expires_at};
}

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
  if (response && response->status / 100 == 2) co_return read_answer(Step::kAuthorise, response->body);
  // 409: the reference is there already; what it became is found by looking.
  if (response && response->status != 409 && refused_for_good(response->status))
    co_return Finding{.outcome = Outcome::kRefused};
  co_return Finding{.outcome = Outcome::kUnknown};
}

Task<Finding> ProviderClient::look(RequestContext& context, Payment payment, Step step) {
  auto response = co_await call(context, "GET", "/v1/authorizations?reference=" + payment.reference,
                                "/v1/authorizations?reference", "", "");
  if (response && response->status == 200) co_return read_answer(step, response->body);
  if (response && response->status == 404) co_return Finding{.outcome = Outcome::kNeverHeard};
  co_return Finding{.outcome = Outcome::kUnknown};
}

Task<Finding> ProviderClient::capture(RequestContext& context, Payment payment, std::int64_t amount) {
  std::string body = json::encode_text(AmountBody{payment.money(amount)});
  auto response =
      co_await call(context, "POST", "/v1/authorizations/" + payment.provider_id.value_or("none") + "/capture",
                    "/v1/authorizations/{id}/capture", payment.reference + ":capture", std::move(body));
  if (response && response->status / 100 == 2) co_return read_answer(Step::kCapture, response->body);
  Finding seen = co_await look(context, payment, Step::kCapture);
  // Still held after it was refused: it will never be captured. Still held after no answer: asked again.
  const bool refused = response && refused_for_good(response->status);
  if (refused && (seen.outcome == Outcome::kNotYet || seen.outcome == Outcome::kNeverHeard))
    co_return Finding{.outcome = Outcome::kRefused};
  if (seen.outcome == Outcome::kNeverHeard) co_return Finding{.outcome = Outcome::kUnknown};
  co_return seen;
}

Task<Finding> ProviderClient::release(RequestContext& context, Payment payment) {
  auto response = co_await call(context, "POST", "/v1/authorizations/" + payment.provider_id.value_or("none") + "/void",
                                "/v1/authorizations/{id}/void", payment.reference + ":void", "");
  if (response && response->status / 100 == 2) co_return read_answer(Step::kVoid, response->body);
  Finding seen = co_await look(context, payment, Step::kVoid);
  if (response && refused_for_good(response->status) && seen.outcome == Outcome::kNotYet)
    co_return Finding{.outcome = Outcome::kRefused};
  co_return seen;
}

}  // namespace evc::payment
