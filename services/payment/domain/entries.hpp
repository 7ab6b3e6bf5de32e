// The ledger entries of a payment. A hold is one pending transfer, each increment a further one; what is captured is
// posted hold after hold, and what is left of them is voided. Accounts: what the provider owes us, what passes through
// one payment (0 when it is settled), what a driver owes us, what we earned. Pure.
#pragma once

#include "services/payment/domain/ledger.hpp"
#include "services/payment/domain/payment.hpp"

namespace evc::payment {

Transfer hold_entry(const Payment& payment);
Transfer increment_entry(const Payment& payment, const Increment& increment);
// The end of everything that is held: `captured` of it was taken, 0: nothing.
std::vector<Transfer> end_of_hold_entries(const Payment& payment, std::int64_t captured);
Transfer receivable_entry(const Payment& payment);
Transfer revenue_entry(const Payment& payment);

}  // namespace evc::payment
