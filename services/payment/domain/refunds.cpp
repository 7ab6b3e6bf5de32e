#include "services/payment/domain/refunds.hpp"

#include <algorithm>

#include "services/payment/domain/entries.hpp"
#include "services/payment/domain/facts.hpp"

namespace evc::payment {
namespace {

bool counts(const Refund& refund) {
  return refund.state != RefundState::kRejected && refund.state != RefundState::kFailed;
}

std::int64_t asked_for(const std::vector<Refund>& refunds) {
  std::int64_t sum = 0;
  for (const Refund& refund : refunds) sum += counts(refund) ? refund.amount : 0;
  return sum;
}

void decide(Refund& refund, RefundState state, std::string by, WallTime now) {
  refund.state = state;
  refund.decided_by = std::move(by);
  refund.decided_at = now;
}

void finish(Reaction& reaction, Refund& refund, RefundState state, WallTime now) {
  refund.state = state;
  refund.finished_at = now;
  reaction.payment.unknown_since.reset();
  reaction.payment.updated_at = now;
  reaction.done = Step::kRefund;
}

}  // namespace

bool is_running(const Refund& refund) {
  return refund.state == RefundState::kApproved || refund.state == RefundState::kUnknown;
}

Result<Refund> refund_requested(const Payment& payment, const std::vector<Refund>& others, const RefundOrder& order,
                                std::string by, WallTime now) {
  if (payment.state != State::kCaptured || payment.captured == 0)
    return fail(Code::kConflict, "nothing was captured that could be given back");
  if (order.amount.currency != payment.currency) return fail_field("/amount/currency", "is not that of the payment");
  if (order.amount.amount <= 0) return fail_field("/amount/amount", "must be positive");
  if (order.amount.amount > payment.captured - asked_for(others))
    return fail_field("/amount/amount", "is more than what is left of the capture");
  return Refund{.id = uuid_v7(),
                .payment_id = payment.id,
                .number = static_cast<std::int64_t>(others.size()) + 1,
                .amount = order.amount.amount,
                .reason = order.reason,
                .note = order.note,
                .requested_by = std::move(by),
                .requested_at = now};
}

Result<Reaction> refund_approved(Payment payment, Refund refund, const std::vector<Refund>& others, std::string by,
                                 WallTime now) {
  if (refund.state != RefundState::kRequested) return fail(Code::kConflict, "the refund is decided already");
  if (by == refund.requested_by) return fail(Code::kConflict, "another person must approve it");
  if (std::ranges::any_of(others, is_running)) return fail(Code::kConflict, "another refund is on its way");
  decide(refund, RefundState::kApproved, std::move(by), now);
  payment.updated_at = now;
  Reaction reaction{.payment = std::move(payment)};
  reaction.transfers.push_back(refund_entry(reaction.payment, refund));
  reaction.new_jobs.push_back({Step::kRefund, refund.amount});
  reaction.refund = std::move(refund);
  return reaction;
}

Result<Refund> refund_rejected(Refund refund, std::string by, WallTime now) {
  if (refund.state != RefundState::kRequested) return fail(Code::kConflict, "the refund is decided already");
  decide(refund, RefundState::kRejected, std::move(by), now);
  return refund;
}

Reaction refund_found(Payment payment, Refund refund, const Finding& finding, WallTime now) {
  Reaction reaction{.payment = std::move(payment)};
  // What was found out late about one that is over says nothing about the next one.
  if (!is_running(refund) || finding.number != refund.number || finding.outcome == Outcome::kNotYet) return reaction;
  if (finding.outcome == Outcome::kUnknown) {
    if (refund.state == RefundState::kUnknown) return reaction;  // said already
    refund.state = RefundState::kUnknown;
    reaction.payment.unknown_since = now;
    reaction.facts.push_back(unknown_fact(reaction.payment, Step::kRefund, refund.amount));
  } else if (finding.outcome == Outcome::kRefunded) {
    finish(reaction, refund, RefundState::kRefunded, now);
    reaction.payment.refunded += refund.amount;
    reaction.transfers = end_of_refund_entries(reaction.payment, refund);
    reaction.facts.push_back(refunded_fact(reaction.payment, refund));
  } else {
    finish(reaction, refund, RefundState::kFailed, now);
    reaction.transfers = end_of_refund_entries(reaction.payment, refund);
    reaction.facts.push_back(failed_fact(reaction.payment, Step::kRefund, refund.amount, "rejected"));
    reaction.reconciliation = CaseKind::kRefundRefused;
  }
  reaction.refund = std::move(refund);
  return reaction;
}

}  // namespace evc::payment
