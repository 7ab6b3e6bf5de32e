#include "kit/messaging/outbox.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "kit/base/bytes.hpp"
#include "kit/messaging/header_bytes.hpp"
#include "kit/messaging/testing/outbox_side.hpp"

namespace evc::messaging {
namespace {

using testing::OutboxSide;
using testing::test_context;

class OutboxRows : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::getenv("EVC_TEST_POSTGRES")) GTEST_SKIP() << "run it under tools/testenv";
    side_ = std::make_unique<OutboxSide>(worker_, "some.events");
  }
  Worker worker_;
  std::unique_ptr<OutboxSide> side_;
};

TEST_F(OutboxRows, EachKeyCountsForItself) {
  side_->append("a", 0, 2);
  side_->append("b", 0, 1);
  side_->append("a", 2, 3);
  EXPECT_EQ(side_->database().query("SELECT key, seq FROM outbox ORDER BY pos"),
            (std::vector<std::vector<std::string>>{{"a", "1"}, {"a", "2"}, {"b", "1"}, {"a", "3"}}));
}

Task<> append_and_roll_back(OutboxSide& side) {
  auto context = test_context();
  auto transaction = co_await side.pool().begin(context);
  EXPECT_TRUE(transaction);
  auto id =
      co_await side.outbox().append(context, *transaction, {.topic = "some.events", .key = "a", .type = "Tested"});
  EXPECT_TRUE(id);
  auto undone = co_await transaction->rollback(context);
  EXPECT_TRUE(undone);
}

TEST_F(OutboxRows, ARollbackLeavesNoGap) {
  side_->append("a", 0, 1);
  evc::testing::run_task(worker_, append_and_roll_back(*side_));
  side_->append("a", 1, 2);
  EXPECT_EQ(side_->database().value("SELECT string_agg(seq::text, ',' ORDER BY pos) FROM outbox"), "1,2");
}

TEST_F(OutboxRows, TheRowHoldsTheRecord) {
  const auto ids = side_->append("a", 7, 8);
  const auto rows = side_->database().query(
      "SELECT event_id, subject, encode(headers, 'hex'), convert_from(payload, 'UTF8') FROM outbox");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0][0], to_string(ids[0]));
  EXPECT_EQ(rows[0][1], "a");
  const auto headers = decode_headers(*hex_decode(rows[0][2]));
  ASSERT_TRUE(headers);
  const auto event = from_record({.topic = "some.events", .key = "a", .value = rows[0][3], .headers = *headers});
  ASSERT_TRUE(event) << event.error().detail;
  EXPECT_EQ(event->event_id, ids[0]);
  EXPECT_EQ(event->data.at("n"), 7);
  EXPECT_EQ(event->correlation_id, ids[0]);
}

Task<Result<Uuid>> append_foreign(OutboxSide& side) {
  Outbox outbox("/services/charging");
  auto context = test_context();
  EVC_CO_TRY(transaction, co_await side.pool().begin(context));
  auto id =
      co_await outbox.append(context, transaction, {.topic = "charging.events", .key = "s", .type = "PaymentCaptured"});
  co_return id;
}

TEST_F(OutboxRows, ATypeOfAnotherTopicIsRefused) {
  const auto id = evc::testing::run_task(worker_, append_foreign(*side_));
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, Code::kSchemaInvalid);
}

TEST_F(OutboxRows, RowsHaveTheirDaysPartition) {
  side_->append("a", 0, 1);
  EXPECT_EQ(side_->database().value("SELECT count(*) FROM outbox_default"), "0");
  EXPECT_EQ(side_->database().value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'outbox'::regclass"), "9");
}

}  // namespace
}  // namespace evc::messaging
