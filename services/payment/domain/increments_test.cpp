// A hold that grows: what is booked, what is said, and that nothing can make it grow above its limit or twice.
#include "services/payment/domain/increments.hpp"

#include <gtest/gtest.h>

#include <random>

namespace evc::payment {
namespace {

const WallTime kNow{std::chrono::seconds{1'790'000'000}};

Money brl(std::int64_t amount) {
  return {amount, Currency::brl()};
}
Finding only(Outcome outcome, std::int64_t amount = 0, std::int64_t number = 1) {
  return {.outcome = outcome, .amount = amount, .provider_id = "au-1", .number = number};
}
Payment authorised() {
  Payment payment{.id = uuid_v7(),
                  .reference = "pa-1",
                  .session_id = uuid_v7(),
                  .puid = "p1.someone",
                  .correlation_id = uuid_v7(),
                  .currency = Currency::brl(),
                  .asked = 1'000,
                  .limit = 2'500};
  return found(std::move(payment), Step::kAuthorise, only(Outcome::kAuthorised, 1'000), kNow).payment;
}
Payment asked(Payment payment, std::int64_t number = 1, std::int64_t amount = 500) {
  return increment_asked(std::move(payment), number, brl(amount), kNow)->payment;
}
Reaction grown() {
  return found(asked(authorised()), Step::kIncrement, only(Outcome::kAuthorised, 1'500), kNow);
}
Code refused(Payment payment, std::int64_t number, Money amount) {
  const auto reaction = increment_asked(std::move(payment), number, amount, kNow);
  return reaction ? Code::kInternal : reaction.error().code;
}

TEST(Increments, AreWrittenDownBeforeTheProviderIsAsked) {
  const auto reaction = increment_asked(authorised(), 1, brl(500), kNow);
  ASSERT_TRUE(reaction);
  ASSERT_EQ(reaction->new_jobs.size(), 1U);
  EXPECT_EQ(reaction->new_jobs[0].step, Step::kIncrement);
  EXPECT_EQ(reaction->payment.held, 1'000) << "nothing is held yet";
  EXPECT_EQ(open_increment(reaction->payment)->number, 1);
  EXPECT_TRUE(reaction->transfers.empty());
}

TEST(Increments, AreRefusedWhereTheyHaveNoPlace) {
  EXPECT_EQ(refused(authorised(), 1, brl(0)), Code::kValidationFailed);
  EXPECT_EQ(refused(authorised(), 1, {500, Currency::parse("USD").value()}), Code::kValidationFailed);
  EXPECT_EQ(refused(authorised(), 2, brl(500)), Code::kConflict) << "the first is number 1";
  EXPECT_EQ(refused(authorised(), 1, brl(1'501)), Code::kConflict) << "above the limit";
  EXPECT_EQ(refused(asked(authorised()), 2, brl(1)), Code::kConflict) << "one at a time";
  EXPECT_EQ(refused(charge_ended(authorised(), 700, {}, kNow).payment, 1, brl(500)), Code::kConflict);
  Payment without_limit = authorised();
  without_limit.limit = 0;
  EXPECT_EQ(refused(without_limit, 1, brl(1)), Code::kConflict);
  Payment payment = grown().payment;
  EXPECT_EQ(refused(payment, 2, brl(1'001)), Code::kConflict);
  EXPECT_TRUE(increment_asked(payment, 2, brl(1'000), kNow));
}

TEST(Increments, OneThatIsAuthorisedIsAFurtherPendingTransfer) {
  const Reaction reaction = grown();
  EXPECT_EQ(reaction.payment.state, State::kAuthorised);
  EXPECT_EQ(reaction.payment.held, 1'500);
  ASSERT_EQ(reaction.transfers.size(), 1U);
  EXPECT_EQ(reaction.transfers[0].kind, TransferKind::kPending);
  EXPECT_EQ(reaction.transfers[0].amount, brl(500));
  ASSERT_EQ(reaction.facts.size(), 1U);
  EXPECT_EQ(reaction.facts[0].type, "PaymentAuthorized");
  EXPECT_EQ(reaction.facts[0].data.at("increment"), 1);
  EXPECT_EQ(reaction.facts[0].data.at("held").at("amount"), 1'500);
  EXPECT_EQ(reaction.done, Step::kIncrement);
  const Reaction again = found(reaction.payment, Step::kIncrement, only(Outcome::kAuthorised, 1'500), kNow);
  EXPECT_TRUE(again.facts.empty());
  EXPECT_TRUE(again.transfers.empty());
}

TEST(Increments, OneThatIsNotAuthorisedLeavesTheHoldAsItIs) {
  struct {
    Outcome outcome;
    IncrementState state;
    const char* fact;
  } cases[]{{Outcome::kDeclined, IncrementState::kDeclined, "PaymentDeclined"},
            {Outcome::kRefused, IncrementState::kDeclined, "PaymentDeclined"},
            {Outcome::kNeverHeard, IncrementState::kFailed, "PaymentFailed"},
            {Outcome::kExpired, IncrementState::kFailed, "PaymentFailed"}};
  for (const auto& one : cases) {
    const Reaction reaction = found(asked(authorised()), Step::kIncrement, only(one.outcome), kNow);
    EXPECT_EQ(reaction.payment.state, State::kAuthorised);
    EXPECT_EQ(reaction.payment.held, 1'000);
    EXPECT_EQ(reaction.payment.increments.at(0).state, one.state);
    EXPECT_TRUE(reaction.transfers.empty());
    ASSERT_EQ(reaction.facts.size(), 1U);
    EXPECT_EQ(reaction.facts[0].type, one.fact);
    EXPECT_EQ(reaction.facts[0].data.at("increment"), 1);
    EXPECT_FALSE(reaction.reconciliation);
  }
}

TEST(Increments, NoAnswerIsSaidOnceAndNeverReadAsAYesOrANo) {
  Reaction reaction = found(asked(authorised()), Step::kIncrement, only(Outcome::kUnknown), kNow);
  EXPECT_EQ(reaction.facts.at(0).type, "PaymentUnknown");
  EXPECT_EQ(reaction.payment.held, 1'000);
  EXPECT_FALSE(reaction.done);
  reaction = found(reaction.payment, Step::kIncrement, only(Outcome::kUnknown), kNow);
  EXPECT_TRUE(reaction.facts.empty());
  EXPECT_EQ(found(reaction.payment, Step::kIncrement, only(Outcome::kAuthorised, 1'500), kNow).payment.held, 1'500);
}

TEST(Increments, AnotherAmountIsNotUsedAndOpensACase) {
  const Reaction reaction = found(asked(authorised()), Step::kIncrement, only(Outcome::kAuthorised, 1'600), kNow);
  EXPECT_EQ(reaction.payment.held, 1'000);
  EXPECT_EQ(reaction.facts.at(0).type, "PaymentFailed");
  EXPECT_EQ(reaction.reconciliation, CaseKind::kWrongIncrementAmount);
}

TEST(Increments, ACaptureTakesHoldAfterHoldAndLetsTheRestGo) {
  const Payment held = grown().payment;
  const Reaction ended = charge_ended(held, 1'200, {}, kNow);
  EXPECT_EQ(ended.new_jobs.at(0).amount, 1'200);
  const Reaction captured = found(ended.payment, Step::kCapture, only(Outcome::kCaptured, 1'200), kNow);
  EXPECT_EQ(captured.payment.released, 300);
  EXPECT_EQ(captured.payment.receivable, 0);
  ASSERT_EQ(captured.transfers.size(), 3U);
  EXPECT_EQ(captured.transfers[0].amount, brl(1'000));
  EXPECT_EQ(captured.transfers[1].kind, TransferKind::kPost);
  EXPECT_EQ(captured.transfers[1].amount, brl(200));
  const Reaction small =
      found(charge_ended(held, 700, {}, kNow).payment, Step::kCapture, only(Outcome::kCaptured, 700), kNow);
  EXPECT_EQ(small.transfers.at(1).kind, TransferKind::kVoid);
  EXPECT_EQ(small.transfers.at(1).amount, brl(500));
}

TEST(Increments, WhatIsOpenWhenTheHoldEndsIsDropped) {
  const Payment open = asked(authorised());
  for (const Payment& over :
       {charge_ended(open, 700, {}, kNow).payment, charge_ended(open, 0, {}, kNow).payment,
        void_asked(open, VoidReason::kRequested, kNow).payment, hold_expired(open, kNow).payment}) {
    EXPECT_EQ(open_increment(over), nullptr);
    const Reaction late = found(over, Step::kIncrement, only(Outcome::kAuthorised, 1'500), kNow);
    EXPECT_EQ(late.payment.held, 1'000);
    EXPECT_TRUE(late.facts.empty());
    EXPECT_TRUE(late.transfers.empty());
    EXPECT_EQ(late.done, Step::kIncrement) << "its job ends";
  }
}

// The job and the request ask for the same one; the slower of the two brings its finding when the next one is open.
TEST(Increments, WhatIsFoundOutLateSaysNothingAboutTheNextOne) {
  const Payment next = asked(grown().payment, 2, 500);
  for (const Outcome outcome : {Outcome::kAuthorised, Outcome::kDeclined, Outcome::kUnknown}) {
    const Reaction late = found(next, Step::kIncrement, only(outcome, 1'500, 1), kNow);
    EXPECT_EQ(late.payment.held, 1'500);
    EXPECT_EQ(open_increment(late.payment)->number, 2);
    EXPECT_TRUE(late.facts.empty());
    EXPECT_FALSE(late.done) << "its job goes on";
  }
  EXPECT_EQ(found(next, Step::kIncrement, only(Outcome::kAuthorised, 2'000, 2), kNow).payment.held, 2'000);
}

// Whatever happens in whatever order: the ledger takes every transfer, nothing stays reserved, and the hold stays
// within its limit.
TEST(Increments, NoOrderOfEventsBreaksTheBooks) {
  for (std::uint32_t seed = 0; seed < 4'000; ++seed) {
    std::mt19937 random(seed);
    Ledger ledger;
    const auto book = [&](const Reaction& reaction) {
      for (const Transfer& transfer : reaction.transfers) ASSERT_TRUE(ledger.apply(transfer)) << "seed " << seed;
      ASSERT_EQ(ledger.imbalance(), 0) << "seed " << seed;
      ASSERT_LE(reaction.payment.held, 2'500) << "seed " << seed;
    };
    Payment start{.id = uuid_v7(),
                  .reference = "pa-1",
                  .session_id = uuid_v7(),
                  .currency = Currency::brl(),
                  .asked = 1'000,
                  .limit = 2'500};
    Reaction reaction = found(start, Step::kAuthorise, only(Outcome::kAuthorised, 1'000), kNow);
    book(reaction);
    const auto price = static_cast<std::int64_t>(random() % 4) * 700;
    for (int step = 0; step < 25; ++step) {
      const Payment before = reaction.payment;
      const auto number = static_cast<std::int64_t>(before.increments.size()) + 1;
      switch (random() % 8) {
        case 0:
        case 1:
        case 2: {
          auto more = increment_asked(before, number, brl(static_cast<std::int64_t>(1 + random() % 900)), kNow);
          if (more) reaction = std::move(*more);
          break;
        }
        case 3:
        case 4: {
          const auto outcome = static_cast<Outcome>(random() % 9);
          const Increment* open = open_increment(before);
          reaction = found(before, Step::kIncrement,
                           only(outcome, before.held + (open != nullptr ? open->amount : 0),
                                open != nullptr && random() % 4 != 0 ? open->number : 1),
                           kNow);
          break;
        }
        case 5:
          if (step > 15) reaction = charge_ended(before, price, {}, kNow);
          break;
        case 6:
          if (step > 18)
            reaction =
                random() % 2 == 0 ? void_asked(before, VoidReason::kRequested, kNow) : hold_expired(before, kNow);
          break;
        default:
          reaction =
              found(before, random() % 2 == 0 ? Step::kCapture : Step::kVoid,
                    random() % 2 == 0 ? only(Outcome::kCaptured, std::min(price, before.held)) : only(Outcome::kVoided),
                    kNow);
      }
      book(reaction);
      reaction.transfers.clear();
      const Payment& payment = reaction.payment;
      if (payment.state == State::kCaptured || payment.state == State::kVoided || payment.state == State::kExpired) {
        ASSERT_EQ(payment.captured + payment.released, payment.held) << "seed " << seed;
        const Balances clearing = ledger.balances("payment:" + to_string(payment.id), payment.currency);
        ASSERT_EQ(clearing.credits_pending, 0) << "seed " << seed;
        ASSERT_EQ(clearing.debits_posted, clearing.credits_posted) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace evc::payment
