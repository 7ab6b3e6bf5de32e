// The ledger entries of a payment. A hold is one pending transfer, each increment a further one; what is captured is
// posted hold after hold, and what is left of them is voided. Accounts: what the provider owes us, what passes through
// one payment (0 when it is settled), what a driver owes us, what we earned, what we
// gave back. Pure.
#pragma once

#include "services/payment/domain/ledger.hpp"
#include "services/payment/domain/payment.hpp"
#include "services/payment/domain/refund.hpp"

namespace evc::payment {

Transfer hold_entry(const Payment& payment);
Transfer increment_entry(const Payment& payment, const Increment& increment);
// The end of everything that is held: `captured` of it was taken, 0: nothing.
std::vector<Transfer> end_of_hold_entries(const Payment& payment, std::int64_t captured);
Transfer receivable_entry(const Payment& payment);
Transfer revenue_entry(const Payment& payment);
// A refund is reserved when it is approved, and posted or voided as its state says.
Transfer refund_entry(const Payment& payment, const Refund& refund);
std::vector<Transfer> end_of_refund_entries(const Payment& payment, const Refund& refund);

}  // namespace evc::payment
