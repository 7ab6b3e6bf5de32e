#include "services/payment/domain/transitions.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace evc::payment {
namespace {

const WallTime kNow{std::chrono::seconds{1'790'000'000}};

Payment new_payment(std::int64_t asked = 1'000) {
  return {.id = uuid_v7(),
          .reference = "pa-1",
          .session_id = uuid_v7(),
          .puid = "p1.someone",
          .correlation_id = uuid_v7(),
          .asked = asked};
}
Finding held(std::int64_t amount = 1'000) {
  return {.outcome = Outcome::kAuthorised,
          .amount = amount,
          .provider_id = "au-1",
          .expires_at = kNow + std::chrono::hours{6}};
}
Finding only(Outcome outcome, std::int64_t amount = 0) {
  return {.outcome = outcome, .amount = amount};
}
Payment authorised() {
  return found(new_payment(), Step::kAuthorise, held(), kNow).payment;
}
Payment capturing(std::int64_t price) {
  return charge_ended(authorised(), price, {}, kNow).payment;
}

std::vector<std::string> types(const Reaction& reaction) {
  std::vector<std::string> all;
  for (const Fact& fact : reaction.facts) all.push_back(fact.type);
  return all;
}
std::int64_t amount(const Fact& fact, const char* member) {
  return fact.data.at(member).at("amount").as_int64();
}
using Types = std::vector<std::string>;

TEST(Transitions, AHoldIsWrittenDownBeforeTheProviderIsAsked) {
  const Reaction reaction = requested(new_payment(), kNow);
  EXPECT_EQ(reaction.payment.state, State::kRequested);
  EXPECT_EQ(types(reaction), Types{"PaymentSimulated"});
  ASSERT_EQ(reaction.new_jobs.size(), 1U);
  EXPECT_EQ(reaction.new_jobs[0].step, Step::kAuthorise);
}

TEST(Transitions, AnAuthorisedHoldIsPendingInTheLedger) {
  const Reaction reaction = found(new_payment(), Step::kAuthorise, held(), kNow);
  EXPECT_EQ(reaction.payment.state, State::kAuthorised);
  EXPECT_EQ(reaction.payment.held, 1'000);
  EXPECT_EQ(types(reaction), Types{"PaymentAuthorized"});
  ASSERT_EQ(reaction.transfers.size(), 1U);
  EXPECT_EQ(reaction.transfers[0].kind, TransferKind::kPending);
  EXPECT_EQ(reaction.done, Step::kAuthorise);
}

TEST(Transitions, NoAnswerIsNeitherYesNorNoAndIsSaidOnce) {
  Reaction reaction = found(new_payment(), Step::kAuthorise, only(Outcome::kUnknown), kNow);
  EXPECT_EQ(reaction.payment.state, State::kUnknown);
  EXPECT_EQ(types(reaction), Types{"PaymentUnknown"});
  EXPECT_FALSE(reaction.done);
  reaction = found(reaction.payment, Step::kAuthorise, only(Outcome::kUnknown), kNow);
  EXPECT_TRUE(reaction.facts.empty());
  reaction = found(reaction.payment, Step::kAuthorise, only(Outcome::kNotYet), kNow);
  EXPECT_EQ(reaction.payment.state, State::kUnknown);
  EXPECT_EQ(types(found(reaction.payment, Step::kAuthorise, held(), kNow)), Types{"PaymentAuthorized"});
  EXPECT_EQ(types(found(reaction.payment, Step::kAuthorise, only(Outcome::kDeclined), kNow)), Types{"PaymentDeclined"});
  EXPECT_EQ(types(found(reaction.payment, Step::kAuthorise, only(Outcome::kNeverHeard), kNow)), Types{"PaymentFailed"});
}

TEST(Transitions, ALateAuthorisationIsLetGo) {
  Payment unknown = found(new_payment(), Step::kAuthorise, only(Outcome::kUnknown), kNow).payment;
  unknown = void_asked(unknown, VoidReason::kSessionFailed, kNow).payment;
  const Reaction late = found(unknown, Step::kAuthorise, held(), kNow);
  EXPECT_EQ(late.payment.state, State::kVoiding);
  ASSERT_EQ(late.new_jobs.size(), 1U);
  EXPECT_EQ(late.new_jobs[0].step, Step::kVoid);
  const Reaction voided = found(late.payment, Step::kVoid, only(Outcome::kVoided), kNow);
  EXPECT_EQ(voided.payment.state, State::kVoided);
  EXPECT_EQ(voided.facts.at(0).data.at("reason"), "lateAuthorisation");
  EXPECT_EQ(amount(voided.facts[0], "released"), 1'000);
}

TEST(Transitions, AHoldThatComesAfterItWasGivenUpIsLetGoWithoutAWord) {
  const Payment failed = found(new_payment(), Step::kAuthorise, only(Outcome::kNeverHeard), kNow).payment;
  const Reaction late = found(failed, Step::kAuthorise, held(), kNow);
  EXPECT_EQ(late.payment.state, State::kFailed);
  EXPECT_TRUE(late.facts.empty());
  ASSERT_EQ(late.new_jobs.size(), 1U);
  const Reaction clean = found(late.payment, Step::kVoid, only(Outcome::kVoided), kNow);
  EXPECT_TRUE(clean.facts.empty());
  EXPECT_EQ(clean.done, Step::kVoid);
}

TEST(Transitions, AWrongAmountIsNoHold) {
  const Reaction reaction = found(new_payment(), Step::kAuthorise, held(1'100), kNow);
  EXPECT_EQ(reaction.payment.state, State::kFailed);
  EXPECT_EQ(reaction.facts.at(0).data.at("reason"), "wrongAmount");
  EXPECT_TRUE(reaction.transfers.empty());
  EXPECT_EQ(reaction.new_jobs.at(0).step, Step::kVoid);
  EXPECT_TRUE(reaction.reconciliation);
}

TEST(Transitions, ThePriceIsCapturedAndTheRestLetGo) {
  const Reaction ended = charge_ended(authorised(), 700, {{"stationId", "S"}}, kNow);
  EXPECT_EQ(ended.payment.state, State::kCapturing);
  EXPECT_EQ(ended.new_jobs.at(0).amount, 700);
  const Reaction reaction = found(ended.payment, Step::kCapture, only(Outcome::kCaptured, 700), kNow);
  EXPECT_EQ(reaction.payment.state, State::kCaptured);
  EXPECT_EQ(types(reaction), Types{"PaymentCaptured"});
  EXPECT_EQ(amount(reaction.facts[0], "captured"), 700);
  EXPECT_EQ(amount(reaction.facts[0], "released"), 300);
  EXPECT_EQ(amount(reaction.facts[0], "receivable"), 0);
  EXPECT_TRUE(reaction.payment.receipt);
}

TEST(Transitions, APriceAboveTheHoldLeavesAReceivable) {
  const Reaction ended = charge_ended(authorised(), 1'500, {}, kNow);
  EXPECT_EQ(ended.new_jobs.at(0).amount, 1'000);
  const Reaction reaction = found(ended.payment, Step::kCapture, only(Outcome::kCaptured, 1'000), kNow);
  EXPECT_EQ(reaction.payment.captured, 1'000);
  EXPECT_EQ(reaction.payment.receivable, 500);
  EXPECT_EQ(reaction.payment.released, 0);
}

TEST(Transitions, NothingDeliveredMeansNothingTaken) {
  const Reaction ended = charge_ended(authorised(), 0, {}, kNow);
  EXPECT_EQ(ended.payment.state, State::kVoiding);
  EXPECT_FALSE(ended.payment.receipt);
  const Reaction reaction = found(ended.payment, Step::kVoid, only(Outcome::kVoided), kNow);
  EXPECT_EQ(reaction.facts.at(0).data.at("reason"), "nothingDelivered");
}

TEST(Transitions, ARefusedCaptureIsOwedAndTheHoldLetGo) {
  const Reaction reaction = found(capturing(700), Step::kCapture, only(Outcome::kRefused), kNow);
  EXPECT_EQ(types(reaction), (Types{"PaymentFailed", "PaymentCaptured"}));
  EXPECT_EQ(reaction.payment.captured, 0);
  EXPECT_EQ(reaction.payment.receivable, 700);
  EXPECT_EQ(reaction.payment.released, 1'000);
  EXPECT_EQ(reaction.new_jobs.at(0).step, Step::kVoid);
  EXPECT_TRUE(reaction.reconciliation);
}

TEST(Transitions, AnExpiredHoldIsSaidAndALaterPriceIsOwed) {
  const Reaction expired = hold_expired(authorised(), kNow);
  EXPECT_EQ(expired.payment.state, State::kExpired);
  EXPECT_EQ(expired.facts.at(0).data.at("reason"), "holdExpired");
  const Reaction ended = charge_ended(expired.payment, 700, {}, kNow);
  EXPECT_EQ(amount(ended.facts.at(0), "captured"), 0);
  EXPECT_EQ(amount(ended.facts.at(0), "released"), 0);
  EXPECT_EQ(amount(ended.facts.at(0), "receivable"), 700);
  EXPECT_EQ(ended.payment.released, 1'000) << "captured + released = held, also when another fact said so";
}

// The station began although it was given up; its end comes while the hold is on the way out.
TEST(Transitions, APriceThatComesWhileTheHoldIsLetGoIsOwed) {
  const Payment voiding = void_asked(authorised(), VoidReason::kSessionFailed, kNow).payment;
  const Reaction ended = charge_ended(voiding, 700, {{"stationId", "S"}}, kNow);
  EXPECT_EQ(ended.payment.state, State::kVoiding);
  EXPECT_TRUE(ended.facts.empty());
  EXPECT_FALSE(ended.reconciliation);
  const Reaction unknown = found(ended.payment, Step::kVoid, only(Outcome::kUnknown), kNow);
  EXPECT_EQ(types(unknown), Types{"PaymentUnknown"});
  for (const Outcome gone : {Outcome::kVoided, Outcome::kExpired}) {
    const Reaction owed = found(unknown.payment, Step::kVoid, only(gone), kNow);
    EXPECT_EQ(owed.payment.state, State::kCaptured);
    ASSERT_EQ(types(owed), (Types{"PaymentVoided", "PaymentCaptured"}));
    EXPECT_EQ(amount(owed.facts[0], "released"), 1'000);
    EXPECT_EQ(amount(owed.facts[1], "captured"), 0);
    EXPECT_EQ(amount(owed.facts[1], "released"), 0);
    EXPECT_EQ(amount(owed.facts[1], "receivable"), 700);
    EXPECT_EQ(owed.payment.released, 1'000);
    EXPECT_TRUE(owed.payment.receipt);
    EXPECT_FALSE(owed.reconciliation);
  }
}

TEST(Transitions, APriceIsOwedAlsoWhenTheProviderKeepsTheHold) {
  const Payment ended =
      charge_ended(void_asked(authorised(), VoidReason::kSessionFailed, kNow).payment, 700, {}, kNow).payment;
  const Reaction refused = found(ended, Step::kVoid, only(Outcome::kRefused), kNow);
  ASSERT_EQ(types(refused), (Types{"PaymentFailed", "PaymentCaptured"}));
  EXPECT_EQ(refused.payment.receivable, 700);
  EXPECT_EQ(refused.payment.released, 1'000);
  EXPECT_TRUE(refused.reconciliation);
}

TEST(Transitions, NothingDeliveredWhileTheHoldIsLetGoIsAnEndAsAnyOther) {
  const Payment ended =
      charge_ended(void_asked(authorised(), VoidReason::kSessionFailed, kNow).payment, 0, {}, kNow).payment;
  const Reaction gone = found(ended, Step::kVoid, only(Outcome::kVoided), kNow);
  EXPECT_EQ(gone.payment.state, State::kVoided);
  EXPECT_EQ(types(gone), Types{"PaymentVoided"});
}

TEST(Transitions, WhatComesTwiceChangesNothing) {
  const Payment captured = found(capturing(700), Step::kCapture, only(Outcome::kCaptured, 700), kNow).payment;
  for (const Reaction& again :
       {found(captured, Step::kCapture, only(Outcome::kCaptured, 700), kNow),
        found(captured, Step::kAuthorise, held(), kNow), charge_ended(captured, 700, {}, kNow),
        hold_expired(captured, kNow), found(captured, Step::kVoid, only(Outcome::kVoided), kNow)}) {
    EXPECT_EQ(again.payment.state, State::kCaptured);
    EXPECT_TRUE(again.facts.empty());
    EXPECT_TRUE(again.transfers.empty());
    EXPECT_TRUE(again.new_jobs.empty());
    EXPECT_FALSE(again.reconciliation);
  }
  EXPECT_TRUE(charge_ended(captured, 701, {}, kNow).reconciliation);
  EXPECT_TRUE(void_asked(captured, VoidReason::kRequested, kNow).reconciliation);
}

// Whatever happens in whatever order: the ledger takes every transfer, sums to zero, the equations of the contract
// hold, and at most one of the ends is said.
TEST(Transitions, NoOrderOfEventsBreaksTheBooks) {
  for (std::uint32_t seed = 0; seed < 4'000; ++seed) {
    std::mt19937 random(seed);
    Ledger ledger;
    Reaction reaction = requested(new_payment(), kNow);
    int ends = 0;
    const std::int64_t price = static_cast<std::int64_t>(random() % 3) * 700;
    for (int step = 0; step < 12; ++step) {
      const auto outcome = static_cast<Outcome>(random() % 9);
      const Finding finding{.outcome = outcome,
                            .amount = outcome == Outcome::kCaptured ? std::min<std::int64_t>(price, 1'000) : 1'000,
                            .provider_id = "au-1"};
      switch (random() % 6) {
        case 0:
          reaction = charge_ended(reaction.payment, price, {}, kNow);
          break;
        case 1:
          reaction = void_asked(reaction.payment, VoidReason::kSessionFailed, kNow);
          break;
        case 2:
          reaction = hold_expired(reaction.payment, kNow);
          break;
        default:
          reaction = found(reaction.payment, static_cast<Step>(random() % 3), finding, kNow);
      }
      for (const Transfer& transfer : reaction.transfers)
        ASSERT_TRUE(ledger.apply(transfer)) << "seed " << seed << " step " << step;
      ASSERT_EQ(ledger.imbalance(), 0) << "seed " << seed;
      for (const Fact& fact : reaction.facts) ends += fact.type == "PaymentCaptured" || fact.type == "PaymentDeclined";
      const Payment& payment = reaction.payment;
      if (payment.state == State::kCaptured) {
        ASSERT_EQ(payment.captured + payment.receivable, *payment.price) << "seed " << seed;
        const Balances clearing = ledger.balances("payment:" + to_string(payment.id), payment.currency);
        ASSERT_EQ(clearing.debits_posted, clearing.credits_posted) << "seed " << seed;
        ASSERT_EQ(clearing.credits_pending, 0) << "seed " << seed;
      }
      if (payment.state == State::kVoided || payment.state == State::kExpired || payment.state == State::kCaptured)
        ASSERT_EQ(payment.captured + payment.released, payment.held) << "seed " << seed;
      if (is_final(payment.state) && payment.price.value_or(0) > 0)
        ASSERT_EQ(payment.state, State::kCaptured) << "seed " << seed;
    }
    ASSERT_LE(ends, 2) << "seed " << seed;
  }
}

}  // namespace
}  // namespace evc::payment
