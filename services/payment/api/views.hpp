// Payments as contracts/http/payment.yaml shows them: to charging (Preauthorisation) and to the driver (Payment). Pure.
#pragma once

#include "services/payment/domain/payment.hpp"
#include "services/payment/domain/refund.hpp"

namespace evc::payment {

json::Value preauthorisation_view(const Payment& payment);
json::Value increment_view(const Payment& payment, const Increment& increment);
json::Value payment_view(const Payment& payment);
json::Value refund_view(const Payment& payment, const Refund& refund);

}  // namespace evc::payment
