// The `data` of each payment event (contracts/events/Payment*.schema.json). Pure.
#pragma once

#include "services/payment/domain/transitions.hpp"

namespace evc::payment {

Fact simulated_fact(const Payment& payment);
Fact authorized_fact(const Payment& payment);
Fact declined_fact(const Payment& payment, std::string_view reason);
Fact failed_fact(const Payment& payment, Step step, std::int64_t amount, std::string_view reason);
Fact unknown_fact(const Payment& payment, Step step, std::int64_t amount);
// `released`: what is let go now; a hold that was gone before was said by voided_fact().
Fact captured_fact(const Payment& payment, std::int64_t released);
Fact voided_fact(const Payment& payment, VoidReason reason);
Fact refunded_fact(const Payment& payment, const Refund& refund);
// The same fact about an increment of the hold.
Fact about_increment(Fact fact, std::int64_t number);

}  // namespace evc::payment
