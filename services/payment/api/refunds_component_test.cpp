// Refunds over HTTP, with a provider that may lose its answer or refuse.
#include "services/payment/api/payment_fixture_test.hpp"

namespace evc::payment {
namespace {

class RefundsTest : public PaymentTest {
 protected:
  // A payment of 7.00 that was captured.
  void paid(const std::string& token = "approved") {
    hold(token);
    ASSERT_TRUE(reaches("authorised"));
    ASSERT_TRUE(ended(700));
    ASSERT_TRUE(reaches("captured"));
    ASSERT_TRUE(all_steps_done());
  }
  http::Response as(const std::string& who, const std::string& target, const std::string& key,
                    const std::string& body = "") {
    http::Call call = post_call("/operations/payment/refunds" + target, key, body);
    call.headers.add("x-puid", who);
    return send(std::move(call));
  }
  std::string order(std::int64_t amount, const std::string& reason = "billingError") {
    return json::serialize(json::Object{{"paymentId", value("SELECT id FROM payment")},
                                        {"amount", {{"amount", amount}, {"currency", "BRL"}}},
                                        {"reason", reason},
                                        {"note", "the meter was wrong"}});
  }
  static std::string id_in(const http::Response& response) {
    return std::string(json::parse(response.body)->at("refundId").as_string());
  }
  std::string asked_for(std::int64_t amount) {
    const http::Response response = as("p1.first", "", "ask-" + to_string(uuid_v7()).substr(24), order(amount));
    EXPECT_EQ(response.status, 201) << response.body;
    return id_in(response);
  }
  bool becomes_state(const std::string& wanted) {
    return run(becomes("SELECT string_agg(state, ' ' ORDER BY number) FROM refund", wanted));
  }
};

TEST_F(RefundsTest, OnePersonAsksAnotherApprovesAndTheReceiptShowsIt) {
  paid();
  const http::Response asked = as("p1.first", "", "k1", order(300));
  ASSERT_EQ(asked.status, 201) << asked.body;
  EXPECT_EQ(as("p1.first", "", "k1", order(300)).body, asked.body) << "the same request again";
  EXPECT_EQ(as("p1.first", "", "k1", order(301)).status, 422) << "the key with other content";
  const std::string id = id_in(asked);
  const http::Response own = as("p1.first", "/" + id + "/approve", "k2");
  EXPECT_EQ(own.status, 409);
  EXPECT_NE(own.body.find("another person must approve it"), std::string::npos);
  EXPECT_EQ(at_provider().refunded, std::nullopt);
  const http::Response approved = as("p1.second", "/" + id + "/approve", "k3");
  EXPECT_EQ(approved.status, 202) << approved.body;
  EXPECT_EQ(as("p1.second", "/" + id + "/approve", "k3").body, approved.body);
  ASSERT_TRUE(becomes_state("refunded"));
  EXPECT_EQ(at_provider().refunded->amount, 300);
  EXPECT_EQ(event_data("PaymentRefunded", "refunded,amount"), "300");
  EXPECT_EQ(event_data("PaymentRefunded", "reason"), "billingError");
  EXPECT_EQ(value("SELECT debits_posted FROM account WHERE code = 'revenue:refunds'"), "300");
  const auto payment =
      json::parse(get("/payments?sessionId=" + to_string(session_), kDriver).body)->at("payments").as_array().at(0);
  EXPECT_EQ(payment.at("refunded").at("amount"), 300);
  EXPECT_EQ(payment.at("receipt").at("refunded").at("amount"), 300);
  EXPECT_EQ(payment.at("receipt").at("total").at("amount"), 700) << "the price stays what it was";
  EXPECT_EQ(as("p1.third", "/" + id + "/approve", "k4").status, 409) << "it is decided";
  const auto one = json::parse(get("/operations/payment/refunds/" + id).body)->as_object();
  EXPECT_EQ(one.at("requestedBy"), "p1.first");
  EXPECT_EQ(one.at("decidedBy"), "p1.second");
  EXPECT_TRUE(one.contains("finishedAt"));
  expect_books_closed();
}

TEST_F(RefundsTest, NeverMoreThanWasCaptured) {
  paid();
  EXPECT_EQ(as("p1.first", "", "k1", order(701)).status, 422);
  const std::string first = asked_for(400);
  EXPECT_EQ(as("p1.first", "", "k2", order(301)).status, 422) << "what is only asked for counts";
  const std::string second = asked_for(300);
  EXPECT_EQ(as("p1.second", "/" + first + "/approve", "k3").status, 202);
  ASSERT_TRUE(becomes_state("refunded requested"));
  EXPECT_EQ(as("p1.second", "/" + second + "/approve", "k4").status, 202);
  ASSERT_TRUE(becomes_state("refunded refunded"));
  EXPECT_EQ(at_provider().refunded->amount, 700);
  EXPECT_EQ(as("p1.first", "", "k5", order(1)).status, 422);
  EXPECT_EQ(value("SELECT refunded FROM payment"), "700");
  expect_books_closed();
}

TEST_F(RefundsTest, WhatIsWithdrawnMakesRoomAgain) {
  paid();
  const std::string first = asked_for(700);
  EXPECT_EQ(as("p1.first", "/" + first + "/reject", "k1").status, 200);
  EXPECT_EQ(as("p1.second", "/" + first + "/approve", "k2").status, 409);
  asked_for(700);
  EXPECT_EQ(json::parse(get("/operations/payment/refunds?state=requested").body)->at("refunds").as_array().size(), 1U);
  EXPECT_EQ(json::parse(get("/operations/payment/refunds?limit=1").body)->as_object().contains("nextCursor"), true);
  EXPECT_EQ(get("/operations/payment/refunds?state=lost").status, 422);
  EXPECT_EQ(get("/operations/payment/refunds/" + to_string(uuid_v7())).status, 404);
}

TEST_F(RefundsTest, WhatCannotBeRefundedIsRefused) {
  hold("approved");
  EXPECT_EQ(as("p1.first", "", "k1", order(1)).status, 409) << "nothing was captured";
  EXPECT_EQ(as("p1.first", "", "", order(1)).status, 400);
  EXPECT_EQ(as("p1.first", "", "k2", order(1, "because")).status, 422);
  const std::string nobodys = json::serialize(json::Object{{"paymentId", to_string(uuid_v7())},
                                                           {"amount", {{"amount", 1}, {"currency", "BRL"}}},
                                                           {"reason", "other"},
                                                           {"note", "n"}});
  EXPECT_EQ(as("p1.first", "", "k3", nobodys).status, 404);
  EXPECT_EQ(value("SELECT count(*) FROM refund"), "0");
}

TEST_F(RefundsTest, ARefusedRefundIsACaseAndGivesNothingBack) {
  paid("refund-fails");
  const std::string id = asked_for(300);
  EXPECT_EQ(as("p1.second", "/" + id + "/approve", "k1").status, 202);
  ASSERT_TRUE(becomes_state("failed"));
  EXPECT_EQ(value("SELECT kind FROM reconciliation_case"), "refundRefused");
  EXPECT_EQ(event_data("PaymentFailed", "step"), "refund");
  EXPECT_EQ(value("SELECT refunded FROM payment"), "0");
  asked_for(700);
  expect_books_closed();
}

class RefundLosesAnswers : public RefundsTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(RefundLosesAnswers, AndIsMadeOnceAllTheSame) {
  paid(GetParam());
  const std::string id = asked_for(300);
  EXPECT_EQ(as("p1.second", "/" + id + "/approve", "k1").status, 202);
  ASSERT_TRUE(becomes_state("refunded"));
  ASSERT_TRUE(all_steps_done());
  EXPECT_EQ(at_provider().refunded->amount, 300);
  const Strings all = events();
  EXPECT_EQ(std::count(all.begin(), all.end(), "PaymentRefunded"), 1);
  expect_books_closed();
}

INSTANTIATE_TEST_SUITE_P(Tokens, RefundLosesAnswers,
                         ::testing::Values("drop-after-effect", "error-after-effect", "webhook-first",
                                           "duplicate-webhook"),
                         [](const auto& token) {
                           std::string name = token.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace evc::payment
