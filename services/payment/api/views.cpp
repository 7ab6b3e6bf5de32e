#include "services/payment/api/views.hpp"

namespace evc::payment {
namespace {

// As contracts/http/payment.yaml says it: what is still asked is unknown, what was dropped never had its effect.
std::string told(IncrementState state) {
  if (state == IncrementState::kAsked) return name_of(IncrementState::kUnknown);
  if (state == IncrementState::kDropped) return name_of(IncrementState::kFailed);
  return name_of(state);
}

}  // namespace

json::Value preauthorisation_view(const Payment& payment) {
  json::Object view{{"reference", payment.reference},
                    {"paymentId", to_string(payment.id)},
                    {"sessionId", to_string(payment.session_id)},
                    {"state", name_of(payment.state)},
                    {"amount", json::encode(payment.money(payment.asked))},
                    {"createdAt", format_rfc3339(payment.created_at)}};
  if (payment.hold_expires_at) view["expiresAt"] = format_rfc3339(*payment.hold_expires_at);
  return view;
}

json::Value increment_view(const Payment& payment, const Increment& increment) {
  return json::Object{{"reference", payment.reference},
                      {"number", increment.number},
                      {"state", told(increment.state)},
                      {"amount", json::encode(payment.money(increment.amount))},
                      {"held", json::encode(payment.money(payment.held))}};
}

json::Value payment_view(const Payment& payment) {
  json::Object view{{"paymentId", to_string(payment.id)},
                    {"sessionId", to_string(payment.session_id)},
                    {"reference", payment.reference},
                    {"state", name_of(payment.state)},
                    {"method", payment.method == Method::kSimulatedPix ? "simulated-pix" : "simulated-card"},
                    {"held", json::encode(payment.money(payment.held))},
                    {"captured", json::encode(payment.money(payment.captured))},
                    {"released", json::encode(payment.money(payment.released))},
                    {"receivable", json::encode(payment.money(payment.receivable))},
                    {"refunded", json::encode(payment.money(payment.refunded))},
                    {"createdAt", format_rfc3339(payment.created_at)},
                    {"updatedAt", format_rfc3339(payment.updated_at)}};
  if (payment.receipt) {
    json::Object receipt = *payment.receipt;
    if (payment.refunded > 0) receipt["refunded"] = json::encode(payment.money(payment.refunded));
    view["receipt"] = std::move(receipt);
  }
  return view;
}

json::Value refund_view(const Payment& payment, const Refund& refund) {
  json::Object view{{"refundId", to_string(refund.id)},
                    {"paymentId", to_string(payment.id)},
                    {"sessionId", to_string(payment.session_id)},
                    {"amount", json::encode(payment.money(refund.amount))},
                    {"reason", name_of(refund.reason)},
                    {"note", refund.note},
                    {"state", name_of(refund.state)},
                    {"requestedBy", refund.requested_by},
                    {"requestedAt", format_rfc3339(refund.requested_at)}};
  if (refund.decided_by) view["decidedBy"] = *refund.decided_by;
  if (refund.decided_at) view["decidedAt"] = format_rfc3339(*refund.decided_at);
  if (refund.finished_at) view["finishedAt"] = format_rfc3339(*refund.finished_at);
  return view;
}

}  // namespace evc::payment
