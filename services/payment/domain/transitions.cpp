#include "services/payment/domain/transitions.hpp"

#include <algorithm>

#include "services/payment/domain/entries.hpp"
#include "services/payment/domain/facts.hpp"
#include "services/payment/domain/increments.hpp"

namespace evc::payment {
namespace {

Reaction unchanged(Payment payment) {
  return {.payment = std::move(payment)};
}

void move_to(Reaction& reaction, State state, WallTime now) {
  reaction.payment.state = state;
  reaction.payment.updated_at = now;
  reaction.payment.unknown_since.reset();
}

void append(std::vector<Transfer>& transfers, std::vector<Transfer> more) {
  transfers.insert(transfers.end(), more.begin(), more.end());
}

void begin_void(Reaction& reaction, VoidReason reason, WallTime now) {
  drop_open_increment(reaction.payment);
  move_to(reaction, State::kVoiding, now);
  reaction.payment.void_reason = reason;
  reaction.new_jobs.push_back({Step::kVoid, 0});
}

void begin_settlement(Reaction& reaction, WallTime now) {
  const std::int64_t price = reaction.payment.price.value_or(0);
  if (price == 0) return begin_void(reaction, VoidReason::kNothingDelivered, now);
  drop_open_increment(reaction.payment);
  move_to(reaction, State::kCapturing, now);
  reaction.new_jobs.push_back({Step::kCapture, std::min(price, reaction.payment.held)});
}

// The charge is paid as far as it ever will be from the hold: captured + receivable = price, captured + released =
// held. A hold that was let go before stays in `released`; the fact names only what is let go now.
void settle(Reaction& reaction, std::int64_t captured, bool hold_is_open, WallTime now) {
  move_to(reaction, State::kCaptured, now);
  Payment& payment = reaction.payment;
  const std::int64_t price = payment.price.value_or(0);
  const std::int64_t released = hold_is_open ? payment.held - captured : 0;
  payment.captured = captured;
  payment.released += released;
  payment.receivable = price - captured;
  if (hold_is_open) append(reaction.transfers, end_of_hold_entries(payment, captured));
  if (payment.receivable > 0) reaction.transfers.push_back(receivable_entry(payment));
  reaction.transfers.push_back(revenue_entry(payment));
  reaction.facts.push_back(captured_fact(payment, released));
}

void let_go(Reaction& reaction, State state, VoidReason reason, WallTime now) {
  drop_open_increment(reaction.payment);
  move_to(reaction, state, now);
  Payment& payment = reaction.payment;
  payment.void_reason = reason;
  payment.released = payment.held;
  if (payment.held > 0) append(reaction.transfers, end_of_hold_entries(payment, 0));
  reaction.facts.push_back(voided_fact(payment, reason));
}

// Energy whose price came while its hold was on the way out is owed.
void owe_what_is_billed(Reaction& reaction, WallTime now) {
  const Payment& payment = reaction.payment;
  const bool in_our_books = payment.held > 0 && payment.released == 0;
  if (is_final(payment.state) && payment.state != State::kCaptured && payment.price.value_or(0) > 0)
    settle(reaction, 0, in_our_books, now);
}

void say_unknown(Reaction& reaction, Step step, std::int64_t amount, WallTime now) {
  if (reaction.payment.unknown_since) return;  // said already
  reaction.payment.unknown_since = now;
  reaction.payment.updated_at = now;
  reaction.facts.push_back(unknown_fact(reaction.payment, step, amount));
}

void fail_for_good(Reaction& reaction, std::string_view reason, WallTime now) {
  move_to(reaction, State::kFailed, now);
  reaction.done = Step::kAuthorise;
  reaction.facts.push_back(failed_fact(reaction.payment, Step::kAuthorise, reaction.payment.asked, reason));
}

void hold_found(Reaction& reaction, const Finding& finding, WallTime now) {
  Payment& payment = reaction.payment;
  payment.provider_id = finding.provider_id;
  payment.hold_expires_at = finding.expires_at;
  reaction.done = Step::kAuthorise;
  if (finding.amount != payment.asked) {
    fail_for_good(reaction, "wrongAmount", now);
    reaction.new_jobs.push_back({Step::kVoid, 0});
    reaction.reconciliation = CaseKind::kWrongHoldAmount;
    return;
  }
  move_to(reaction, State::kAuthorised, now);
  payment.held = payment.asked;
  reaction.transfers.push_back(hold_entry(payment));
  reaction.facts.push_back(authorized_fact(payment));
  if (payment.void_reason) return begin_void(reaction, *payment.void_reason, now);
  if (payment.price) begin_settlement(reaction, now);
}

Reaction authorise_found(Payment payment, const Finding& finding, WallTime now) {
  Reaction reaction = unchanged(std::move(payment));
  const State state = reaction.payment.state;
  if (state != State::kRequested && state != State::kUnknown) {
    if (finding.outcome != Outcome::kNotYet && finding.outcome != Outcome::kUnknown) reaction.done = Step::kAuthorise;
    // Given up as never heard of, and then it came after all: nobody wants it any more.
    if (state == State::kFailed && finding.outcome == Outcome::kAuthorised && !reaction.payment.provider_id) {
      reaction.payment.provider_id = finding.provider_id;
      reaction.payment.updated_at = now;
      reaction.new_jobs.push_back({Step::kVoid, 0});
    }
    return reaction;
  }
  switch (finding.outcome) {
    case Outcome::kNotYet:
      break;
    case Outcome::kUnknown:
      reaction.payment.state = State::kUnknown;
      say_unknown(reaction, Step::kAuthorise, reaction.payment.asked, now);
      break;
    case Outcome::kAuthorised:
      hold_found(reaction, finding, now);
      break;
    case Outcome::kDeclined:
      move_to(reaction, State::kDeclined, now);
      reaction.done = Step::kAuthorise;
      reaction.facts.push_back(declined_fact(reaction.payment, finding.reason));
      break;
    case Outcome::kNeverHeard:
      fail_for_good(reaction, "providerError", now);
      break;
    case Outcome::kRefused:
      fail_for_good(reaction, "rejected", now);
      break;
    case Outcome::kExpired:
      reaction.done = Step::kAuthorise;
      let_go(reaction, State::kExpired, VoidReason::kHoldExpired, now);
      break;
    case Outcome::kVoided:
    case Outcome::kCaptured:
    case Outcome::kRefunded:
      fail_for_good(reaction, "other", now);
      reaction.reconciliation = CaseKind::kUnaskedHoldChange;
      break;
  }
  owe_what_is_billed(reaction, now);
  return reaction;
}

Reaction capture_found(Payment payment, const Finding& finding, WallTime now) {
  Reaction reaction = unchanged(std::move(payment));
  if (finding.outcome == Outcome::kNotYet) return reaction;
  const std::int64_t wanted = std::min(reaction.payment.price.value_or(0), reaction.payment.held);
  if (finding.outcome == Outcome::kUnknown) {
    if (reaction.payment.state == State::kCapturing) say_unknown(reaction, Step::kCapture, wanted, now);
    return reaction;
  }
  reaction.done = Step::kCapture;
  if (reaction.payment.state != State::kCapturing) return reaction;
  if (finding.outcome == Outcome::kCaptured && finding.amount > 0 && finding.amount <= wanted) {
    if (finding.amount != wanted) reaction.reconciliation = CaseKind::kWrongCaptureAmount;
    settle(reaction, finding.amount, true, now);
    return reaction;
  }
  const bool expired = finding.outcome == Outcome::kExpired;
  reaction.facts.push_back(failed_fact(reaction.payment, Step::kCapture, wanted,
                                       expired                                 ? "holdExpired"
                                       : finding.outcome == Outcome::kCaptured ? "wrongAmount"
                                                                               : "rejected"));
  reaction.reconciliation = expired ? CaseKind::kHoldExpiredBeforeCapture : CaseKind::kCaptureRefused;
  // Nothing was taken, so all of it is owed; what the provider may still hold is let go.
  settle(reaction, 0, true, now);
  if (finding.outcome == Outcome::kRefused) reaction.new_jobs.push_back({Step::kVoid, 0});
  return reaction;
}

Reaction void_found(Payment payment, const Finding& finding, WallTime now) {
  Reaction reaction = unchanged(std::move(payment));
  if (finding.outcome == Outcome::kNotYet) return reaction;
  const bool wanted =
      reaction.payment.state == State::kVoiding;  // else: the clean-up after a failure, which nobody waits for
  if (finding.outcome == Outcome::kUnknown) {
    if (wanted) say_unknown(reaction, Step::kVoid, reaction.payment.held, now);
    return reaction;
  }
  reaction.done = Step::kVoid;
  if (!wanted) return reaction;
  if (finding.outcome == Outcome::kCaptured || finding.outcome == Outcome::kRefused) {
    move_to(reaction, State::kFailed, now);
    reaction.facts.push_back(failed_fact(reaction.payment, Step::kVoid, reaction.payment.held, "rejected"));
    reaction.reconciliation = CaseKind::kVoidRefused;
  } else {
    let_go(reaction, State::kVoided, reaction.payment.void_reason.value_or(VoidReason::kRequested), now);
  }
  owe_what_is_billed(reaction, now);
  return reaction;
}

}  // namespace

bool is_final(State state) {
  return state == State::kDeclined || state == State::kFailed || state == State::kCaptured || state == State::kVoided ||
         state == State::kExpired;
}

Reaction requested(Payment payment, WallTime now) {
  payment.state = State::kRequested;
  payment.created_at = payment.updated_at = now;
  Reaction reaction = unchanged(std::move(payment));
  reaction.facts.push_back(simulated_fact(reaction.payment));
  reaction.new_jobs.push_back({Step::kAuthorise, reaction.payment.asked});
  return reaction;
}

Reaction found(Payment payment, Step step, const Finding& finding, WallTime now) {
  switch (step) {
    case Step::kAuthorise:
      return authorise_found(std::move(payment), finding, now);
    case Step::kCapture:
      return capture_found(std::move(payment), finding, now);
    case Step::kIncrement:
      return increment_found(std::move(payment), finding, now);
    case Step::kRefund:
      return {.payment = std::move(payment), .done = Step::kRefund};  // refund_found() knows the refund
    case Step::kVoid:
      break;
  }
  return void_found(std::move(payment), finding, now);
}

Reaction charge_ended(Payment payment, std::int64_t price, json::Object receipt, WallTime now) {
  Reaction reaction = unchanged(std::move(payment));
  Payment& current = reaction.payment;
  if (current.price) {
    if (*current.price != price) reaction.reconciliation = CaseKind::kPricesDiffer;
    return reaction;
  }
  current.price = price;
  current.updated_at = now;
  if (price > 0) current.receipt = std::move(receipt);
  switch (current.state) {
    case State::kRequested:
    case State::kUnknown:
    case State::kVoiding:
      break;  // settled as soon as the outcome of the running step is known
    case State::kAuthorised:
      begin_settlement(reaction, now);
      break;
    default:
      // Nothing is held any more, or only in our books (a void that the provider refused): all of it is owed.
      owe_what_is_billed(reaction, now);
  }
  return reaction;
}

Reaction void_asked(Payment payment, VoidReason reason, WallTime now) {
  Reaction reaction = unchanged(std::move(payment));
  switch (reaction.payment.state) {
    case State::kRequested:
    case State::kUnknown:
      if (reaction.payment.void_reason) break;
      reaction.payment.void_reason = VoidReason::kLateAuthorisation;
      reaction.payment.updated_at = now;
      break;
    case State::kAuthorised:
      begin_void(reaction, reason, now);
      break;
    case State::kCapturing:
    case State::kCaptured:
      reaction.reconciliation = CaseKind::kVoidAfterEnd;
      break;
    default:
      break;
  }
  return reaction;
}

Reaction hold_expired(Payment payment, WallTime now) {
  Reaction reaction = unchanged(std::move(payment));
  // While a capture or a void runs, its own answer tells.
  if (reaction.payment.state == State::kAuthorised) let_go(reaction, State::kExpired, VoidReason::kHoldExpired, now);
  return reaction;
}

}  // namespace evc::payment
