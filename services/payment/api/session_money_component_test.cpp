// What an operator sees of one session's money.
#include "services/payment/api/payment_fixture_test.hpp"

namespace evc::payment {
namespace {

TEST_F(PaymentTest, ASessionTellsItsPaymentsItsTransfersAndItsEvents) {
  hold("approved");
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(reaches("captured"));
  const auto answer = get("/operations/payment/sessions/" + to_string(session_));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.get("cache-control"), "no-store");
  const auto money = json::parse(answer.body).value();
  ASSERT_EQ(money.at("payments").as_array().size(), 1U);
  EXPECT_EQ(money.at("payments").at(0).at("captured").at("amount"), 700);
  const auto& transfers = money.at("transfers").as_array();
  EXPECT_EQ(value("SELECT count(*) FROM transfer"), std::to_string(transfers.size()));
  EXPECT_EQ(transfers.at(0).at("kind"), "pending");
  EXPECT_EQ(transfers.at(0).at("amount").at("amount"), 1'000);
  const auto& said = money.at("events").as_array();
  ASSERT_EQ(said.size(), 3U);
  EXPECT_EQ(said[2].at("type"), "PaymentCaptured");
  EXPECT_EQ(said[2].at("sequence"), 3);
}

TEST_F(PaymentTest, ASessionThatNobodyHeardOfHasNothing) {
  const auto answer = get("/operations/payment/sessions/01a20add-f7cf-7378-a0c8-807d805a220c");
  ASSERT_EQ(answer.status, 200);
  for (const char* part : {"payments", "transfers", "events"})
    EXPECT_TRUE(json::parse(answer.body)->at(part).as_array().empty()) << part;
  EXPECT_EQ(get("/operations/payment/sessions/x").status, 404);
}

}  // namespace
}  // namespace evc::payment
