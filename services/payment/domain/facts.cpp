#include "services/payment/domain/facts.hpp"

#include <algorithm>
#include <array>

namespace evc::payment {
namespace {

json::Object base(const Payment& payment) {
  return {{"sessionId", to_string(payment.session_id)},
          {"reference", payment.reference},
          {"paymentId", to_string(payment.id)}};
}

json::Value money(const Payment& payment, std::int64_t amount) {
  return json::encode(payment.money(amount));
}

}  // namespace

Fact simulated_fact(const Payment& payment) {
  json::Object data = base(payment);
  data["amount"] = money(payment, payment.asked);
  data["method"] = name_of(payment.method);
  return {"PaymentSimulated", std::move(data)};
}

Fact authorized_fact(const Payment& payment) {
  json::Object data = base(payment);
  data["held"] = money(payment, payment.held);
  data["expiresAt"] = format_rfc3339(payment.hold_expires_at.value_or(payment.updated_at));
  return {"PaymentAuthorized", std::move(data)};
}

Fact declined_fact(const Payment& payment, std::string_view reason) {
  static constexpr std::array<std::string_view, 3> kReasons{"insufficientFunds", "cardRefused", "methodInvalid"};
  const bool known = std::find(kReasons.begin(), kReasons.end(), reason) != kReasons.end();
  json::Object data = base(payment);
  data["amount"] = money(payment, payment.asked);
  data["reason"] = known ? reason : std::string_view("other");
  return {"PaymentDeclined", std::move(data)};
}

Fact failed_fact(const Payment& payment, Step step, std::int64_t amount, std::string_view reason) {
  json::Object data = base(payment);
  data["step"] = name_of(step);
  data["amount"] = money(payment, amount);
  data["reason"] = reason;
  return {"PaymentFailed", std::move(data)};
}

Fact unknown_fact(const Payment& payment, Step step, std::int64_t amount) {
  json::Object data = base(payment);
  data["step"] = name_of(step);
  data["amount"] = money(payment, amount);
  data["since"] = format_rfc3339(payment.unknown_since.value_or(payment.updated_at));
  return {"PaymentUnknown", std::move(data)};
}

Fact captured_fact(const Payment& payment, std::int64_t released) {
  json::Object data = base(payment);
  data["price"] = money(payment, payment.price.value_or(0));
  data["captured"] = money(payment, payment.captured);
  data["released"] = money(payment, released);
  data["receivable"] = money(payment, payment.receivable);
  return {"PaymentCaptured", std::move(data)};
}

Fact voided_fact(const Payment& payment, VoidReason reason) {
  json::Object data = base(payment);
  data["released"] = money(payment, payment.released);
  data["reason"] = name_of(reason);
  return {"PaymentVoided", std::move(data)};
}

Fact refunded_fact(const Payment& payment, const Refund& refund) {
  json::Object data = base(payment);
  data["refundId"] = to_string(refund.id);
  data["refunded"] = money(payment, refund.amount);
  data["refundedInAll"] = money(payment, payment.refunded);
  data["reason"] = name_of(refund.reason);
  return {"PaymentRefunded", std::move(data)};
}

Fact about_increment(Fact fact, std::int64_t number) {
  fact.data["increment"] = number;
  return fact;
}

}  // namespace evc::payment
