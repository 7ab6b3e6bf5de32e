// A hold that grows, with a provider that may refuse it, lose its answer or never give one.
#include "services/payment/api/payment_fixture_test.hpp"

namespace evc::payment {
namespace {

class IncrementsTest : public PaymentTest {
 protected:
  std::string held() { return value("SELECT held FROM payment"); }
  std::string pending() { return value("SELECT debits_pending FROM account WHERE code = 'provider'"); }
  static std::int64_t held_in(const http::Response& response) {
    return json::parse(response.body)->at("held").at("amount").as_int64();
  }
};

TEST_F(IncrementsTest, TheHoldGrowsAndTheWholeOfItIsCaptured) {
  growing_hold("approved");
  const http::Response first = grow(1, 500);
  EXPECT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(state_in(first), "authorised");
  EXPECT_EQ(held_in(first), 1'500);
  EXPECT_EQ(pending(), "1500");
  EXPECT_EQ(held_in(grow(2, 1'000)), 2'500);
  EXPECT_EQ(at_provider().amount.amount, 2'500);
  ASSERT_TRUE(ended(2'200));
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(at_provider().captured.amount, 2'200);
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentAuthorized", "PaymentAuthorized", "PaymentAuthorized",
                               "PaymentCaptured"}));
  EXPECT_EQ(value("SELECT captured || ' ' || released || ' ' || receivable FROM payment"), "2200 300 0");
  EXPECT_EQ(value("SELECT string_agg(kind || ' ' || amount, ', ' ORDER BY position) FROM transfer"),
            "pending 1000, pending 500, pending 1000, post 1000, post 500, post 700, single 2200");
  expect_books_closed();
}

TEST_F(IncrementsTest, AKeyIsAnsweredOnceAndNothingGrowsTwice) {
  growing_hold("approved");
  const http::Response first = grow(1, 500);
  const http::Response again = grow(1, 500);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.get("Idempotency-Replayed"), "true");
  EXPECT_EQ(grow(1, 500, "another-key").body, first.body) << "the same increment";
  EXPECT_EQ(grow(1, 501, "third-key").status, 409);
  EXPECT_EQ(held(), "1500");
  EXPECT_EQ(at_provider().amount.amount, 1'500);
}

TEST_F(IncrementsTest, WhatHasNoPlaceIsRefusedAndChangesNothing) {
  growing_hold("approved");
  EXPECT_EQ(grow(2, 500).status, 409) << "the first is number 1";
  EXPECT_EQ(grow(1, 1'501).status, 409) << "more than the driver agreed to";
  EXPECT_EQ(grow(1, 0).status, 422);
  http::Call unknown = post_call("/payments/preauthorisations/pa-none/increments", "k",
                                 R"({"number":1,"amount":{"amount":1,"currency":"BRL"}})");
  EXPECT_EQ(send(std::move(unknown)).status, 404);
  EXPECT_EQ(send(post_call("/payments/preauthorisations/" + reference_ + "/increments", "",
                           R"({"number":1,"amount":{"amount":1,"currency":"BRL"}})"))
                .status,
            400);
  EXPECT_EQ(value("SELECT increments FROM payment"), "[]");
  ASSERT_TRUE(ended(700));
  EXPECT_EQ(grow(1, 500, "late").status, 409) << "the charge is over";
}

TEST_F(IncrementsTest, AHoldWithoutALimitDoesNotGrow) {
  hold("approved");
  EXPECT_EQ(grow(1, 1).status, 409);
}

TEST_F(IncrementsTest, ALimitBelowTheHoldIsRefused) {
  auto body = json::parse(body_of("approved"))->as_object();
  body["limit"] = json::Object{{"amount", 999}, {"currency", "BRL"}};
  const http::Response response = send(post_call("/payments/preauthorisations", "k", json::serialize(body)));
  EXPECT_EQ(response.status, 422);
  EXPECT_NE(response.body.find("/limit/amount"), std::string::npos);
}

TEST_F(IncrementsTest, ADeclinedOneLeavesTheHoldAsItIs) {
  growing_hold("increment-declined");
  const http::Response declined = grow(1, 500);
  EXPECT_EQ(declined.status, 201);
  EXPECT_EQ(state_in(declined), "declined");
  EXPECT_EQ(event_data("PaymentDeclined", "increment"), "1");
  EXPECT_EQ(held(), "1000");
  ASSERT_TRUE(ended(900));
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(at_provider().captured.amount, 900);
  expect_books_closed();
}

TEST_F(IncrementsTest, OneThatIsNeverAnsweredIsUnknownUntilTheHoldEnds) {
  growing_hold("increment-silent");
  const http::Response unknown = grow(1, 500);
  EXPECT_EQ(unknown.status, 202) << unknown.body;
  EXPECT_EQ(state_in(unknown), "unknown");
  EXPECT_EQ(state(), "authorised");
  EXPECT_EQ(event_data("PaymentUnknown", "step"), "increment");
  ASSERT_TRUE(ended(1'200));
  ASSERT_TRUE(reaches("captured"));
  ASSERT_TRUE(all_steps_done());
  EXPECT_EQ(value("SELECT captured || ' ' || receivable FROM payment"), "1000 200");
  EXPECT_EQ(value("SELECT increments -> 0 ->> 'state' FROM payment"), "dropped");
  EXPECT_EQ(value("SELECT count(*) FROM reconciliation_case"), "0");
  expect_books_closed();
}

class LosesAnswers : public IncrementsTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(LosesAnswers, AndTheIncrementIsFoundOutAllTheSame) {
  growing_hold(GetParam());
  ASSERT_TRUE(reaches("authorised"));
  grow(1, 500);
  ASSERT_TRUE(run(becomes("SELECT held FROM payment", "1500")));
  EXPECT_EQ(state_in(grow(1, 500)), "authorised");
  EXPECT_EQ(at_provider().amount.amount, 1'500) << "once";
  ASSERT_TRUE(ended(1'400));
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(at_provider().captured.amount, 1'400);
  EXPECT_EQ(value("SELECT count(*) FROM reconciliation_case"), "0");
  expect_books_closed();
}

INSTANTIATE_TEST_SUITE_P(Tokens, LosesAnswers,
                         ::testing::Values("drop-after-effect", "error-after-effect", "duplicate-webhook",
                                           "webhook-first"),
                         [](const auto& token) {
                           std::string name = token.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(IncrementsTest, AnIncrementThatACrashLeftIsTakenUpByItsJob) {
  growing_hold("approved");
  // As if the process had been killed after it had written the increment down.
  value("UPDATE payment SET increments = '[{\"number\": 1, \"amount\": 500, \"state\": \"asked\"}]'");
  value(
      "INSERT INTO provider_job (payment_id, step, amount, due_at, created_at, deadline_at, traceparent) SELECT id, "
      "'increment', 500, now(), now(), now() + interval '5 minutes', "
      "'00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' FROM payment");
  ASSERT_TRUE(run(becomes("SELECT held FROM payment", "1500")));
  EXPECT_EQ(at_provider().amount.amount, 1'500);
}

}  // namespace
}  // namespace evc::payment
