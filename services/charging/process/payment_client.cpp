#include "services/charging/process/payment_client.hpp"

#include "kit/telemetry/log.hpp"
#include "services/charging/domain/emissions.hpp"
#include "services/charging/domain/payment_answers.hpp"

namespace evc::charging {

PaymentClient::PaymentClient(std::shared_ptr<http::Client> payment, std::shared_ptr<auth::ServiceTokens> tokens)
    : payment_(std::move(payment)), tokens_(std::move(tokens)) {}

Task<Input> PaymentClient::hold(RequestContext& context, Session session, json::Value payment_method) {
  const auto payment = payment_;
  auto token = co_await tokens_->token(context);
  if (!token) co_return Input::kHoldUnknown;
  http::Call call{.method = "POST",
                  .target = "/payments/preauthorisations",
                  .route_class = "/payments/preauthorisations",
                  .repeat = http::Call::Repeat::kIdempotent};
  call.headers.set("authorization", "Bearer " + *token);
  call.headers.set("idempotency-key", to_string(session.id) + ":preauth");
  call.headers.set("content-type", "application/json");
  call.body = json::serialize(json::Object{{"reference", session.reference},
                                           {"sessionId", to_string(session.id)},
                                           {"userId", session.puid},
                                           {"amount", money(session.hold_minor, session.tariff.currency)},
                                           {"limit", money(session.hold_limit_minor, session.tariff.currency)},
                                           {"paymentMethod", std::move(payment_method)},
                                           {"correlationId", to_string(session.correlation_id)}});
  auto response = co_await payment->send(context, std::move(call));
  if (!response) {
    EVC_LOG(kWarn, context.trace, "The hold has no answer",
            {{telemetry::key::kSessionId, to_string(session.id)},
             {telemetry::key::kErrorCode, info(Code::kPaymentUnknown).name},
             {telemetry::key::kReason, info(response.error().code).name},
             {telemetry::key::kErrorDetail, response.error().detail}});
    co_return Input::kHoldUnknown;
  }
  co_return hold_answered(response->status, response->body);
}

Task<Input> PaymentClient::ask(RequestContext& context, std::string reference) {
  const auto payment = payment_;
  auto token = co_await tokens_->token(context);
  if (!token) co_return Input::kHoldUnknown;
  http::Call call{.method = "GET",
                  .target = "/payments/preauthorisations/" + reference,
                  .route_class = "/payments/preauthorisations/{reference}",
                  .repeat = http::Call::Repeat::kIdempotent};
  call.headers.set("authorization", "Bearer " + *token);
  auto response = co_await payment->send(context, std::move(call));
  co_return response ? hold_state_told(response->status, response->body) : Input::kHoldUnknown;
}

Task<IncrementAnswer> PaymentClient::increment(RequestContext& context, Session session) {
  const auto payment = payment_;
  const std::int64_t number = session.increment.number;
  auto token = co_await tokens_->token(context);
  if (!token) co_return IncrementAnswer{.number = number};
  http::Call call{.method = "POST",
                  .target = "/payments/preauthorisations/" + session.reference + "/increments",
                  .route_class = "/payments/preauthorisations/{reference}/increments",
                  .repeat = http::Call::Repeat::kIdempotent};
  call.headers.set("authorization", "Bearer " + *token);
  call.headers.set("idempotency-key", to_string(session.id) + ":increment:" + std::to_string(number));
  call.headers.set("content-type", "application/json");
  call.body = json::serialize(
      json::Object{{"number", number}, {"amount", money(session.increment.amount_minor, session.tariff.currency)}});
  auto response = co_await payment->send(context, std::move(call));
  co_return response ? increment_told(number, response->status, response->body) : IncrementAnswer{.number = number};
}

}  // namespace evc::charging
