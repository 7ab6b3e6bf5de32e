// The rules of refunds. All refunds of a payment together are at most what was captured, counting those that are only
// asked for. An approved one is reserved in the ledger, taken at the provider under a key of its own, and posted or
// voided once its outcome is known; one at a time. Pure; the payment's row is locked.
#pragma once

#include <string>
#include <vector>

#include "services/payment/domain/transitions.hpp"

namespace evc::payment {

struct RefundOrder {
  Money amount;
  RefundReason reason = RefundReason::kOther;
  std::string note;
};

// `others`: all refunds of the payment so far. conflict: nothing was captured. validation-failed: no amount, another
// currency, or more than is left.
Result<Refund> refund_requested(const Payment& payment, const std::vector<Refund>& others, const RefundOrder& order,
                                std::string by, WallTime now);
// conflict: by whoever asked for it; it is decided already; another one is on its way.
Result<Reaction> refund_approved(Payment payment, Refund refund, const std::vector<Refund>& others, std::string by,
                                 WallTime now);
// conflict: it is decided already. Whoever asked may withdraw it.
Result<Refund> refund_rejected(Refund refund, std::string by, WallTime now);
// `refund` is the one on its way.
Reaction refund_found(Payment payment, Refund refund, const Finding& finding, WallTime now);

bool is_running(const Refund& refund);

}  // namespace evc::payment
