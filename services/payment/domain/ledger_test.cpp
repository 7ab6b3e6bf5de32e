#include "services/payment/domain/ledger.hpp"

#include <gtest/gtest.h>

#include <random>

namespace evc::payment {
namespace {

Uuid id(int number) {
  return transfer_id(Uuid{}, std::to_string(number));
}
Money brl(std::int64_t amount) {
  return {amount, Currency::brl()};
}
Transfer pending(int number, std::int64_t amount) {
  return {id(number), TransferKind::kPending, "provider", "payment", brl(amount), std::nullopt};
}
Transfer resolve(int number, TransferKind kind, int what, std::int64_t amount) {
  return {id(number), kind, "provider", "payment", brl(amount), id(what)};
}

TEST(Ledger, APendingTransferIsPostedOnceUpToItsAmount) {
  Ledger ledger;
  ASSERT_TRUE(ledger.apply(pending(1, 100)));
  EXPECT_EQ(ledger.balances("provider", Currency::brl()), (Balances{.debits_pending = 100}));
  EXPECT_FALSE(ledger.apply(resolve(2, TransferKind::kPost, 1, 101)));
  ASSERT_TRUE(ledger.apply(resolve(3, TransferKind::kPost, 1, 60)));
  EXPECT_EQ(ledger.balances("provider", Currency::brl()), (Balances{.debits_posted = 60}));
  EXPECT_EQ(ledger.balances("payment", Currency::brl()), (Balances{.credits_posted = 60}));
  EXPECT_FALSE(ledger.apply(resolve(4, TransferKind::kPost, 1, 10)));
  EXPECT_FALSE(ledger.apply(resolve(5, TransferKind::kVoid, 1, 100)));
  EXPECT_EQ(ledger.imbalance(), 0);
}

TEST(Ledger, AVoidedTransferLeavesNothing) {
  Ledger ledger;
  ASSERT_TRUE(ledger.apply(pending(1, 100)));
  EXPECT_FALSE(ledger.apply(resolve(2, TransferKind::kVoid, 1, 99)));
  ASSERT_TRUE(ledger.apply(resolve(3, TransferKind::kVoid, 1, 100)));
  EXPECT_EQ(ledger.balances("provider", Currency::brl()), Balances{});
}

TEST(Ledger, TheSameTransferAgainChangesNothingAndAnotherUnderItsIdIsRefused) {
  Ledger ledger;
  ASSERT_TRUE(ledger.apply(pending(1, 100)));
  ASSERT_TRUE(ledger.apply(pending(1, 100)));
  EXPECT_EQ(ledger.balances("provider", Currency::brl()).debits_pending, 100);
  EXPECT_FALSE(ledger.apply(pending(1, 99)));
}

TEST(Ledger, NonsenseIsRefused) {
  Ledger ledger;
  EXPECT_FALSE(ledger.apply(pending(1, 0)));
  EXPECT_FALSE(ledger.apply(pending(1, -5)));
  EXPECT_FALSE(ledger.apply({id(2), TransferKind::kSingle, "a", "a", brl(1), std::nullopt}));
  EXPECT_FALSE(ledger.apply({id(3), TransferKind::kPost, "a", "b", brl(1), std::nullopt}));
  EXPECT_FALSE(ledger.apply({id(4), TransferKind::kSingle, "a", "b", brl(1), id(1)}));
  EXPECT_FALSE(ledger.apply(resolve(5, TransferKind::kPost, 9, 1)));
  ASSERT_TRUE(ledger.apply(pending(6, 100)));
  EXPECT_FALSE(ledger.apply({id(7), TransferKind::kPost, "payment", "provider", brl(1), id(6)}));
  EXPECT_FALSE(
      ledger.apply({id(8), TransferKind::kPost, "provider", "payment", Money{1, *Currency::parse("EUR")}, id(6)}));
  EXPECT_EQ(ledger.imbalance(), 0);
}

TEST(Ledger, WhateverIsTriedTheSumIsZero) {
  std::mt19937 random(20261123);
  Ledger ledger;
  const std::vector<std::string> accounts{"a", "b", "c", "d"};
  for (int step = 0; step < 20'000; ++step) {
    Transfer transfer{id(static_cast<int>(random() % 2'000)),
                      static_cast<TransferKind>(random() % 4),
                      accounts[random() % 4],
                      accounts[random() % 4],
                      brl(static_cast<std::int64_t>(random() % 50) - 2),
                      std::nullopt};
    if (random() % 2 == 0) transfer.pending_id = id(static_cast<int>(random() % 2'000));
    static_cast<void>(ledger.apply(transfer));
    ASSERT_EQ(ledger.imbalance(), 0) << "step " << step;
  }
  for (const std::string& account : accounts) {
    const Balances balances = ledger.balances(account, Currency::brl());
    EXPECT_GE(balances.debits_pending, 0);
    EXPECT_GE(balances.credits_pending, 0);
  }
}

}  // namespace
}  // namespace evc::payment
