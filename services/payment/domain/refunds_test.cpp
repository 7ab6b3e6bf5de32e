// Money that is given back: by two people, once, and never more than was captured.
#include "services/payment/domain/refunds.hpp"

#include <gtest/gtest.h>

#include <random>

namespace evc::payment {
namespace {

const WallTime kNow{std::chrono::seconds{1'790'000'000}};

Money brl(std::int64_t amount) {
  return {amount, Currency::brl()};
}
Payment captured() {
  return {.id = uuid_v7(),
          .reference = "pa-1",
          .session_id = uuid_v7(),
          .state = State::kCaptured,
          .currency = Currency::brl(),
          .asked = 1'000,
          .held = 1'000,
          .captured = 700,
          .released = 300,
          .price = 700};
}
RefundOrder order(std::int64_t amount) {
  return {.amount = brl(amount), .reason = RefundReason::kGoodwill, .note = "n"};
}
Refund requested(const Payment& payment, std::int64_t amount = 300) {
  return refund_requested(payment, {}, order(amount), "p1.first", kNow).value();
}
Reaction approved(const Payment& payment, const Refund& refund) {
  return refund_approved(payment, refund, {refund}, "p1.second", kNow).value();
}
Finding only(Outcome outcome, std::int64_t number = 1) {
  return {.outcome = outcome, .number = number};
}

TEST(Refunds, AreAskedForWithinWhatWasCaptured) {
  const Payment payment = captured();
  EXPECT_EQ(requested(payment).number, 1);
  EXPECT_EQ(refund_requested(payment, {}, order(701), "p", kNow).error().fields.at(0).pointer, "/amount/amount");
  EXPECT_FALSE(refund_requested(payment, {}, order(0), "p", kNow));
  std::vector<Refund> others{requested(payment, 400)};
  EXPECT_FALSE(refund_requested(payment, others, order(301), "p", kNow)) << "what is asked for counts";
  EXPECT_TRUE(refund_requested(payment, others, order(300), "p", kNow));
  others[0].state = RefundState::kRejected;
  EXPECT_TRUE(refund_requested(payment, others, order(700), "p", kNow));
  Payment open = captured();
  open.state = State::kCapturing;
  EXPECT_EQ(refund_requested(open, {}, order(1), "p", kNow).error().code, Code::kConflict);
  Payment owed = captured();
  owed.captured = 0;
  EXPECT_EQ(refund_requested(owed, {}, order(1), "p", kNow).error().code, Code::kConflict);
}

TEST(Refunds, ASecondPersonApprovesAndTheMoneyIsReserved) {
  const Payment payment = captured();
  const Refund refund = requested(payment);
  EXPECT_EQ(refund_approved(payment, refund, {refund}, "p1.first", kNow).error().code, Code::kConflict)
      << "whoever asked cannot approve";
  const Reaction reaction = approved(payment, refund);
  EXPECT_EQ(reaction.refund->state, RefundState::kApproved);
  EXPECT_EQ(reaction.refund->decided_by, "p1.second");
  EXPECT_EQ(reaction.new_jobs.at(0).step, Step::kRefund);
  EXPECT_EQ(reaction.transfers.at(0).kind, TransferKind::kPending);
  EXPECT_EQ(reaction.payment.refunded, 0) << "nothing was given back yet";
  const Refund running = *reaction.refund;
  EXPECT_EQ(refund_approved(payment, running, {running}, "p1.third", kNow).error().code, Code::kConflict);
  const Refund next = refund_requested(payment, {running}, order(100), "p1.first", kNow).value();
  EXPECT_EQ(refund_approved(payment, next, {running, next}, "p1.second", kNow).error().code, Code::kConflict)
      << "one at a time";
}

TEST(Refunds, WhoeverAskedMayWithdraw) {
  const Refund refund = requested(captured());
  const Refund rejected = refund_rejected(refund, "p1.first", kNow).value();
  EXPECT_EQ(rejected.state, RefundState::kRejected);
  EXPECT_FALSE(refund_rejected(rejected, "p1.second", kNow));
  EXPECT_FALSE(refund_approved(captured(), rejected, {rejected}, "p1.second", kNow));
}

TEST(Refunds, WhatTheProviderGaveBackIsBookedAndSaidOnce) {
  const Payment payment = captured();
  const Refund running = *approved(payment, requested(payment)).refund;
  const Reaction done = refund_found(payment, running, only(Outcome::kRefunded), kNow);
  EXPECT_EQ(done.payment.refunded, 300);
  EXPECT_EQ(done.refund->state, RefundState::kRefunded);
  ASSERT_EQ(done.transfers.size(), 2U);
  EXPECT_EQ(done.transfers[0].kind, TransferKind::kPost);
  ASSERT_EQ(done.facts.size(), 1U);
  EXPECT_EQ(done.facts[0].type, "PaymentRefunded");
  EXPECT_EQ(done.facts[0].data.at("refundedInAll").at("amount"), 300);
  EXPECT_EQ(done.facts[0].data.at("reason"), "goodwill");
  EXPECT_EQ(done.done, Step::kRefund);
  EXPECT_TRUE(refund_found(done.payment, *done.refund, only(Outcome::kRefunded), kNow).facts.empty());
}

TEST(Refunds, NoAnswerIsUnknownAndSaidOnce) {
  const Payment payment = captured();
  const Refund running = *approved(payment, requested(payment)).refund;
  const Reaction unknown = refund_found(payment, running, only(Outcome::kUnknown), kNow);
  EXPECT_EQ(unknown.refund->state, RefundState::kUnknown);
  EXPECT_EQ(unknown.facts.at(0).type, "PaymentUnknown");
  EXPECT_TRUE(unknown.transfers.empty());
  EXPECT_FALSE(unknown.done);
  EXPECT_TRUE(refund_found(unknown.payment, *unknown.refund, only(Outcome::kUnknown), kNow).facts.empty());
  EXPECT_EQ(refund_found(unknown.payment, *unknown.refund, only(Outcome::kRefunded), kNow).payment.refunded, 300);
  EXPECT_EQ(refund_found(unknown.payment, *unknown.refund, only(Outcome::kRefunded, 2), kNow).payment.refunded, 0)
      << "that is about another one";
}

TEST(Refunds, ARefusedOneGivesNothingBackAndOpensACase) {
  const Payment payment = captured();
  const Refund running = *approved(payment, requested(payment)).refund;
  const Reaction refused = refund_found(payment, running, only(Outcome::kRefused), kNow);
  EXPECT_EQ(refused.refund->state, RefundState::kFailed);
  EXPECT_EQ(refused.payment.refunded, 0);
  EXPECT_EQ(refused.transfers.at(0).kind, TransferKind::kVoid);
  EXPECT_EQ(refused.facts.at(0).type, "PaymentFailed");
  EXPECT_EQ(refused.reconciliation, CaseKind::kRefundRefused);
}

TEST(Refunds, NoOrderOfEventsGivesBackMoreThanWasCaptured) {
  for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937 random(seed);
    Payment payment = captured();
    Ledger ledger;
    std::vector<Refund> refunds;
    for (int step = 0; step < 30; ++step) {
      const std::string by = random() % 2 == 0 ? "a" : "b";
      std::optional<Reaction> reaction;
      if (random() % 3 == 0 || refunds.empty()) {
        auto refund = refund_requested(payment, refunds, order(static_cast<std::int64_t>(random() % 400)), by, kNow);
        if (refund) refunds.push_back(*refund);
        continue;
      }
      Refund& refund = refunds[random() % refunds.size()];
      switch (random() % 4) {
        case 0:
          if (auto rejected = refund_rejected(refund, by, kNow); rejected && random() % 3 == 0) refund = *rejected;
          break;
        case 1:
          if (auto made = refund_approved(payment, refund, refunds, by, kNow)) reaction = std::move(*made);
          break;
        default:
          reaction = refund_found(payment, refund,
                                  only(random() % 3 == 0   ? Outcome::kUnknown
                                       : random() % 3 == 0 ? Outcome::kRefused
                                                           : Outcome::kRefunded,
                                       refund.number),
                                  kNow);
      }
      if (!reaction) continue;
      for (const Transfer& transfer : reaction->transfers) ASSERT_TRUE(ledger.apply(transfer)) << "seed " << seed;
      payment = reaction->payment;
      if (reaction->refund) refund = *reaction->refund;
      ASSERT_LE(payment.refunded, payment.captured) << "seed " << seed;
      ASSERT_EQ(ledger.imbalance(), 0) << "seed " << seed;
    }
    std::int64_t given_back = 0;
    for (const Refund& refund : refunds) given_back += refund.state == RefundState::kRefunded ? refund.amount : 0;
    ASSERT_EQ(given_back, payment.refunded) << "seed " << seed;
    ASSERT_EQ(ledger.balances("revenue:refunds", payment.currency).debits_posted, given_back) << "seed " << seed;
  }
}

}  // namespace
}  // namespace evc::payment
