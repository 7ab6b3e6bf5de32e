#include "services/charging/process/payment_client.hpp"

#include "kit/telemetry/log.hpp"
#include "services/charging/domain/emissions.hpp"

namespace evc::charging {
namespace {

std::string member(const json::Value& body, std::string_view name) {
  const auto* value = body.is_object() ? body.get_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Input from_state(std::string_view state) {
  if (state == "authorised") return Input::kHoldAuthorised;
  if (state == "declined") return Input::kHoldDeclined;
  if (state == "failed") return Input::kHoldFailed;
  if (state == "voided") return Input::kReleased;
  if (state == "expired") return Input::kHoldExpired;
  return Input::kHoldUnknown;
}

Input from_response(const http::Response& response) {
  const auto body = json::parse(response.body);
  if (!body) return Input::kHoldUnknown;
  if (response.status < 300) return from_state(member(*body, "state"));
  const std::string code = member(*body, "code");
  if (code == "payment-declined") return Input::kHoldDeclined;
  if (code == "payment-failed") return Input::kHoldFailed;
  if (code == "payment-not-found") return Input::kNeverHeld;
  return Input::kHoldUnknown;
}

}  // namespace

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
  const Input input = from_response(*response);
  // A fresh hold can be authorised, refused or open; anything else is not an answer to this question.
  const bool answers = input == Input::kHoldAuthorised || input == Input::kHoldDeclined || input == Input::kHoldFailed;
  co_return answers ? input : Input::kHoldUnknown;
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
  co_return response ? from_response(*response) : Input::kHoldUnknown;
}

}  // namespace evc::charging
