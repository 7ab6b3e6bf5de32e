#include "services/payment/store/ledger_store.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"
#include "services/payment/domain/payment.hpp"

namespace evc::payment::store {
namespace {

class LedgerStoreTest : public ::testing::Test {
 protected:
  LedgerStoreTest() {
    database_.migrate("services/payment/migrations");
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 4});
  }
  ~LedgerStoreTest() override {
    pool_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  Task<Result<void>> post_one(std::vector<Transfer> transfers) {
    auto transaction = co_await pool_->begin(context_);
    if (!transaction) co_return std::unexpected(std::move(transaction).error());
    auto done = co_await transaction->exec_all(context_, post(transfers, session_));
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return co_await transaction->commit(context_);
  }
  Result<void> post_now(std::vector<Transfer> transfers) {
    return evc::testing::run_task(worker_, post_one(std::move(transfers)));
  }
  std::string balances() {
    return database_.value(
        "SELECT coalesce(string_agg(concat_ws(' ', code, debits_pending, debits_posted, credits_pending, "
        "credits_posted), ', ' ORDER BY code), '') FROM account");
  }

  postgres::testing::TestDatabase database_;
  Worker worker_;
  std::optional<postgres::Pool> pool_;
  RequestContext context_;
  Uuid session_ = uuid_v7();
};

Uuid id(int number) {
  return transfer_id(Uuid{}, std::to_string(number));
}
Money brl(std::int64_t amount) {
  return {amount, Currency::brl()};
}

TEST_F(LedgerStoreTest, AHoldIsPostedOnceAndTheChainHolds) {
  ASSERT_TRUE(post_now({{id(1), TransferKind::kPending, "provider", "payment", brl(100), std::nullopt}}));
  EXPECT_EQ(balances(), "payment 0 0 100 0, provider 100 0 0 0");
  ASSERT_TRUE(post_now({{id(2), TransferKind::kPost, "provider", "payment", brl(60), id(1)},
                        {id(3), TransferKind::kSingle, "payment", "revenue", brl(60), std::nullopt}}));
  EXPECT_EQ(balances(), "payment 0 60 0 60, provider 0 60 0 0, revenue 0 0 0 60");
  auto again = post_now({{id(4), TransferKind::kVoid, "provider", "payment", brl(100), id(1)}});
  ASSERT_FALSE(again);
  EXPECT_EQ(database_.value("SELECT ledger_imbalance()"), "0");
  EXPECT_EQ(database_.value("SELECT ledger_broken_links()"), "0");
}

TEST_F(LedgerStoreTest, NobodyChangesWhatIsWritten) {
  ASSERT_TRUE(post_now({{id(1), TransferKind::kSingle, "a", "b", brl(100), std::nullopt},
                        {id(2), TransferKind::kSingle, "a", "b", brl(5), std::nullopt}}));
  EXPECT_THROW(database_.query("UPDATE transfer SET amount = 1"), std::runtime_error);
  EXPECT_THROW(database_.query("DELETE FROM transfer"), std::runtime_error);
  EXPECT_THROW(database_.query("TRUNCATE transfer CASCADE"), std::runtime_error);
  // Somebody with every right leaves a trace.
  database_.query(
      "ALTER TABLE transfer DISABLE TRIGGER transfer_append_only; GRANT UPDATE ON transfer TO CURRENT_USER; UPDATE "
      "transfer SET amount = 1 WHERE position = 1");
  EXPECT_EQ(database_.value("SELECT ledger_broken_links()"), "1");
}

TEST_F(LedgerStoreTest, TheDatabaseRefusesExactlyWhatTheRulesRefuse) {
  std::mt19937 random(20261123);
  Ledger rules;
  const std::vector<std::string> accounts{"a", "b", "c"};
  int refused = 0;
  for (int step = 0; step < 400; ++step) {
    Transfer transfer{id(static_cast<int>(random() % 60)),
                      static_cast<TransferKind>(random() % 4),
                      accounts[random() % 3],
                      accounts[random() % 3],
                      brl(static_cast<std::int64_t>(random() % 4)),
                      std::nullopt};
    if (transfer.kind == TransferKind::kPost || transfer.kind == TransferKind::kVoid || random() % 10 == 0)
      transfer.pending_id = id(static_cast<int>(random() % 60));
    const Result<void> expected = rules.apply(transfer);
    const Result<void> actual = post_now({transfer});
    ASSERT_EQ(actual.has_value(), expected.has_value())
        << "step " << step << " " << (expected ? "" : expected.error().detail) << (actual ? "" : actual.error().detail);
    refused += !expected;
  }
  EXPECT_GT(refused, 50);
  EXPECT_LT(refused, 390);
  for (const std::string& code : accounts) {
    const Balances balances = rules.balances(code, Currency::brl());
    const auto row =
        database_
            .query("SELECT debits_pending, debits_posted, credits_pending, credits_posted FROM account WHERE code = '" +
                   code + "'")
            .at(0);
    EXPECT_EQ(row, (std::vector<std::string>{
                       std::to_string(balances.debits_pending), std::to_string(balances.debits_posted),
                       std::to_string(balances.credits_pending), std::to_string(balances.credits_posted)}));
  }
  EXPECT_EQ(database_.value("SELECT ledger_imbalance()"), "0");
  EXPECT_EQ(database_.value("SELECT ledger_broken_links()"), "0");
}

Task<Result<void>> post_alone(postgres::Pool& pool, std::vector<Transfer> transfers, Uuid session) {
  RequestContext context;
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_CHECK(co_await transaction.exec_all(context, post(transfers, session)));
  co_return co_await transaction.commit(context);
}

Task<> post_and_count(postgres::Pool& pool, std::vector<Transfer> transfers, Uuid session, int& ok, int& left) {
  const auto done = co_await post_alone(pool, std::move(transfers), session);
  EXPECT_TRUE(done) << info(done.error().code).name << ": " << done.error().detail;
  if (done) ++ok;
  --left;
}

TEST_F(LedgerStoreTest, TransactionsThatCrossDoNotDeadlock) {
  int ok = 0;
  int left = 60;
  for (int i = 0; i < 60; ++i) {
    std::vector<Transfer> transfers{
        {id(1'000 + i), TransferKind::kSingle, i % 2 ? "a" : "b", i % 2 ? "b" : "a", brl(1), std::nullopt},
        {id(2'000 + i), TransferKind::kSingle, i % 3 ? "c" : "d", i % 3 ? "a" : "b", brl(1), std::nullopt}};
    worker_.tasks().spawn("post", post_and_count(*pool_, std::move(transfers), session_, ok, left));
  }
  ASSERT_TRUE(evc::testing::run_until(worker_, [&left] { return left == 0; }));
  EXPECT_EQ(ok, 60);
  EXPECT_EQ(database_.value("SELECT count(*) FROM transfer"), "120");
  EXPECT_EQ(database_.value("SELECT ledger_broken_links()"), "0");
}

}  // namespace
}  // namespace evc::payment::store
