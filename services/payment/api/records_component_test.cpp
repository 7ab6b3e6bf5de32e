// What the user service learns of a person's payments: all of them, page by page, and whether something is still open.
#include "services/payment/api/payment_fixture_test.hpp"

namespace evc::payment {
namespace {

constexpr const char* kStranger = "p1.aaaaaaaaaaaaaaaaaaaaaaaaaa";

class RecordsTest : public PaymentTest {
 protected:
  json::Object ask_about(const std::string& puid, const std::string& what) {
    const http::Response response =
        send(post_call("/internal/payments/records" + what, "", R"({"userId":")" + puid + R"("})"));
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.headers.get("cache-control"), "no-store");
    return json::parse(response.body)->as_object();
  }
  std::int64_t open() { return ask_about(kDriver, "/open").at("open").as_int64(); }
  void another() {
    session_ = uuid_v7();
    reference_ = "pa-" + to_string(session_);
  }
};

TEST_F(RecordsTest, EveryPaymentIsToldPageByPageWithReceiptsAndRefunds) {
  for (int i = 0; i < 3; ++i) {
    hold("approved");
    ASSERT_TRUE(reaches("authorised"));
    ASSERT_TRUE(ended(700));
    ASSERT_TRUE(reaches("captured"));
    another();
  }
  ASSERT_TRUE(all_steps_done());
  const std::string paid = value("SELECT id FROM payment ORDER BY created_at LIMIT 1");
  value(
      "INSERT INTO refund (id, payment_id, number, amount, reason, note, state, requested_by, requested_at) VALUES "
      "(gen_random_uuid(), '" +
      paid +
      "', 1, 300, 'billingError', 'the meter', 'requested', 'p1.first', now()) "
      "RETURNING state");
  const json::Object first = ask_about(kDriver, "?limit=2");
  ASSERT_EQ(first.at("payments").as_array().size(), 2U);
  const json::Object last = ask_about(kDriver, "?limit=2&cursor=" + std::string(first.at("nextCursor").as_string()));
  ASSERT_EQ(last.at("payments").as_array().size(), 1U);
  EXPECT_FALSE(last.contains("nextCursor"));
  const json::Value& oldest = last.at("payments").at(0);
  EXPECT_EQ(oldest.at("payment").at("paymentId").as_string(), paid);
  EXPECT_EQ(oldest.at("payment").at("receipt").at("total").at("amount"), 700);
  EXPECT_EQ(oldest.at("refunds").at(0).at("amount").at("amount"), 300);
  EXPECT_FALSE(oldest.at("refunds").at(0).as_object().contains("note")) << "not about the person";
  EXPECT_EQ(ask_about(kStranger, "").at("payments").as_array().size(), 0U);
}

TEST_F(RecordsTest, WhatIsOpenIsCounted) {
  EXPECT_EQ(open(), 0);
  hold("approved");
  ASSERT_TRUE(reaches("authorised"));
  EXPECT_EQ(open(), 1) << "a hold";
  EXPECT_EQ(ask_about(kStranger, "/open").at("open"), 0);
  ASSERT_TRUE(ended(1'200));
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(value("SELECT receivable FROM payment"), "200");
  EXPECT_EQ(open(), 0) << "what is owed is known";
  const std::string payment = value("SELECT id FROM payment");
  value(
      "INSERT INTO refund (id, payment_id, number, amount, reason, note, state, requested_by, requested_at) VALUES "
      "(gen_random_uuid(), '" +
      payment + "', 1, 300, 'goodwill', 'n', 'requested', 'p1.first', now()) RETURNING state");
  EXPECT_EQ(open(), 1) << "a refund that nobody has decided";
  value("UPDATE refund SET state = 'rejected', decided_by = 'p1.second', decided_at = now() RETURNING state");
  EXPECT_EQ(open(), 0);
  another();
  hold("capture-fails");
  ASSERT_TRUE(reaches("authorised"));
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(run(becomes("SELECT count(*) FROM reconciliation_case WHERE closed_at IS NULL", "1")));
  ASSERT_TRUE(all_steps_done());
  EXPECT_EQ(open(), 1) << "a case that nobody has closed";
  EXPECT_EQ(send(post_call("/internal/payments/records/open", "", "{}")).status, 422);
}

}  // namespace
}  // namespace evc::payment
