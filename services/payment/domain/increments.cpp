#include "services/payment/domain/increments.hpp"

#include <algorithm>

#include "services/payment/domain/entries.hpp"
#include "services/payment/domain/facts.hpp"

namespace evc::payment {
namespace {

bool is_open(const Increment& increment) {
  return increment.state == IncrementState::kAsked || increment.state == IncrementState::kUnknown;
}

Increment* open_one(Payment& payment) {
  const auto found = std::ranges::find_if(payment.increments, is_open);
  return found == payment.increments.end() ? nullptr : &*found;
}

void decide(Reaction& reaction, Increment& increment, IncrementState state, WallTime now) {
  increment.state = state;
  reaction.payment.unknown_since.reset();
  reaction.payment.updated_at = now;
  reaction.done = Step::kIncrement;
}

void authorised(Reaction& reaction, Increment& increment, const Finding& finding, WallTime now) {
  Payment& payment = reaction.payment;
  const std::int64_t grown = payment.held + increment.amount;
  if (finding.amount != grown) {
    decide(reaction, increment, IncrementState::kFailed, now);
    reaction.facts.push_back(
        about_increment(failed_fact(payment, Step::kIncrement, increment.amount, "wrongAmount"), increment.number));
    reaction.reconciliation = CaseKind::kWrongIncrementAmount;
    return;
  }
  decide(reaction, increment, IncrementState::kAuthorised, now);
  payment.held = grown;
  reaction.transfers.push_back(increment_entry(payment, increment));
  reaction.facts.push_back(about_increment(authorized_fact(payment), increment.number));
}

void unknown(Reaction& reaction, Increment& increment, WallTime now) {
  increment.state = IncrementState::kUnknown;
  if (reaction.payment.unknown_since) return;  // said already
  reaction.payment.unknown_since = now;
  reaction.payment.updated_at = now;
  reaction.facts.push_back(
      about_increment(unknown_fact(reaction.payment, Step::kIncrement, increment.amount), increment.number));
}

}  // namespace

const Increment* find_increment(const Payment& payment, std::int64_t number) {
  const auto found = std::ranges::find(payment.increments, number, &Increment::number);
  return found == payment.increments.end() ? nullptr : &*found;
}

const Increment* open_increment(const Payment& payment) {
  const auto found = std::ranges::find_if(payment.increments, is_open);
  return found == payment.increments.end() ? nullptr : &*found;
}

void drop_open_increment(Payment& payment) {
  if (Increment* open = open_one(payment)) open->state = IncrementState::kDropped;
}

Result<Reaction> increment_asked(Payment payment, std::int64_t number, const Money& amount, WallTime now) {
  if (amount.amount <= 0) return fail_field("/amount/amount", "must be positive");
  if (amount.currency != payment.currency) return fail_field("/amount/currency", "is not that of the hold");
  if (payment.state != State::kAuthorised) return fail(Code::kConflict, "nothing is held that could grow");
  if (open_increment(payment) != nullptr) return fail(Code::kConflict, "the increment before is not decided yet");
  if (number != static_cast<std::int64_t>(payment.increments.size()) + 1)
    return fail(Code::kConflict, "increments are numbered one after the other");
  if (amount.amount > payment.limit - payment.held)
    return fail(Code::kConflict, "the hold would grow above what the driver agreed to");
  payment.increments.push_back({.number = number, .amount = amount.amount});
  payment.updated_at = now;
  Reaction reaction{.payment = std::move(payment)};
  reaction.new_jobs.push_back({Step::kIncrement, amount.amount});
  return reaction;
}

Reaction increment_found(Payment payment, const Finding& finding, WallTime now) {
  Reaction reaction{.payment = std::move(payment)};
  Increment* increment = open_one(reaction.payment);
  if (increment == nullptr) {
    reaction.done = Step::kIncrement;  // decided or dropped before
    return reaction;
  }
  // Found out late about one that is decided: it says nothing about the one that is open now.
  if (finding.number != increment->number) return reaction;
  switch (finding.outcome) {
    case Outcome::kNotYet:
      break;
    case Outcome::kUnknown:
      unknown(reaction, *increment, now);
      break;
    case Outcome::kAuthorised:
      authorised(reaction, *increment, finding, now);
      break;
    case Outcome::kDeclined:
    case Outcome::kRefused:
      decide(reaction, *increment, IncrementState::kDeclined, now);
      reaction.facts.push_back(about_increment(declined_fact(reaction.payment, finding.reason), increment->number));
      break;
    case Outcome::kExpired:
      decide(reaction, *increment, IncrementState::kFailed, now);
      reaction.facts.push_back(about_increment(
          failed_fact(reaction.payment, Step::kIncrement, increment->amount, "holdExpired"), increment->number));
      break;
    case Outcome::kNeverHeard:
    case Outcome::kCaptured:
    case Outcome::kVoided:
    case Outcome::kRefunded:
      decide(reaction, *increment, IncrementState::kFailed, now);
      reaction.facts.push_back(about_increment(
          failed_fact(reaction.payment, Step::kIncrement, increment->amount, "other"), increment->number));
      break;
  }
  return reaction;
}

}  // namespace evc::payment
