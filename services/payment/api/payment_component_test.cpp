// The main line of a payment and everything a provider can do to it.
#include "services/payment/api/payment_fixture_test.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

TEST_F(PaymentTest, AChargeIsHeldCapturedAndReceipted) {
  const http::Response held = hold("approved");
  EXPECT_EQ(held.status, 201) << held.body;
  EXPECT_EQ(state_in(held), "authorised");
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentAuthorized", "PaymentCaptured"}));
  EXPECT_EQ(at_provider().captured.amount, 700);
  expect_books_closed();
  EXPECT_EQ(value("SELECT credits_posted FROM account WHERE code = 'revenue:charging'"), "700");

  const http::Response list = get("/payments?sessionId=" + to_string(session_), kDriver);
  ASSERT_EQ(list.status, 200) << list.body;
  const auto payment = json::parse(list.body)->at("payments").as_array().at(0).as_object();
  EXPECT_EQ(payment.at("held").at("amount").as_int64(), 1'000);
  EXPECT_EQ(payment.at("captured").at("amount").as_int64(), 700);
  EXPECT_EQ(payment.at("released").at("amount").as_int64(), 300);
  EXPECT_EQ(payment.at("receipt").at("energyKwh").as_double(), 22.312);
  EXPECT_EQ(payment.at("receipt").at("total").at("amount").as_int64(), 700);
  const std::string id(payment.at("paymentId").as_string());
  EXPECT_EQ(get("/payments/" + id, kDriver).status, 200);
  EXPECT_EQ(get("/payments/" + id, "p1.somebodyelse").status, 404);
  const http::Response nonsense = get("/payments/nonsense", kDriver);
  EXPECT_EQ(nonsense.status, 404);
  EXPECT_EQ(json::parse(nonsense.body).value().at("instance").as_string(), "/payments/nonsense");
  EXPECT_EQ(json::parse(get("/payments", "p1.somebodyelse").body)->at("payments").as_array().size(), 0U);
}

TEST_F(PaymentTest, TheSameEventTwiceTakesTheMoneyOnce) {
  hold("approved");
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(reaches("captured"));
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(session_failed());
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentAuthorized", "PaymentCaptured"}));
  EXPECT_EQ(state(), "captured");
  // The failure contradicts the end: somebody has to look.
  EXPECT_EQ(value("SELECT count(*) FROM reconciliation_case"), "1");
  expect_books_closed();
}

TEST_F(PaymentTest, AKeyIsAnsweredOnceAndForAll) {
  const http::Response first = hold("approved");
  const http::Response again = hold("approved");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.get("Idempotency-Replayed"), "true");
  EXPECT_EQ(hold("approved", 999).status, 422);
  EXPECT_EQ(send(post_call("/payments/preauthorisations", "", body_of("approved"))).status, 400);
  // Another key for the same reference and content: the same hold.
  const http::Response other_key = send(post_call("/payments/preauthorisations", "other", body_of("approved")));
  EXPECT_EQ(other_key.body, first.body);
  EXPECT_EQ(send(post_call("/payments/preauthorisations", "third", body_of("approved", 999))).status, 409);
  EXPECT_EQ(book_.size(), 1U);
}

Task<> hold_one(std::shared_ptr<http::Client> client, RequestContext& context, http::Call call,
                std::map<int, int>& answers, int& left) {
  auto response = co_await client->send(context, std::move(call));
  ++answers[response ? response->status : 0];
  --left;
}

TEST_F(PaymentTest, AHundredAtOnceMakeOneHold) {
  std::map<int, int> answers;
  int left = 100;
  for (int i = 0; i < 100; ++i) {
    worker_.tasks().spawn(
        "hold",
        hold_one(client_, context_, post_call("/payments/preauthorisations", "k", body_of("approved")), answers, left));
  }
  ASSERT_TRUE(evc::testing::run_until(worker_, [&left] { return left == 0; }));
  EXPECT_EQ(answers[201] + answers[409], 100);
  EXPECT_GE(answers[201], 1);
  EXPECT_EQ(book_.size(), 1U);
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentAuthorized"}));
}

TEST_F(PaymentTest, ADeclinedCardIsAStateAndNoError) {
  const http::Response declined = hold("declined");
  EXPECT_EQ(declined.status, 201);
  EXPECT_EQ(state_in(declined), "declined");
  EXPECT_EQ(hold("declined").body, declined.body);
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentDeclined"}));
  EXPECT_EQ(event_data("PaymentDeclined", "reason"), "insufficientFunds");
  EXPECT_EQ(value("SELECT count(*) FROM transfer"), "0");
}

TEST_F(PaymentTest, AWrongRequestIsRefusedWithItsPlace) {
  auto body = json::parse(body_of("approved"))->as_object();
  body["amount"] = json::Object{{"amount", 0}, {"currency", "BRL"}};
  const http::Response response = send(post_call("/payments/preauthorisations", "k", json::serialize(body)));
  EXPECT_EQ(response.status, 422);
  EXPECT_NE(response.body.find("/amount/amount"), std::string::npos);
  EXPECT_EQ(get("/payments/preauthorisations/pa-none").status, 404);
  EXPECT_EQ(value("SELECT count(*) FROM payment"), "0");
}

TEST_F(PaymentTest, ASilentProviderIsUnknownAndThenNothing) {
  const http::Response response = hold("silent");
  EXPECT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(state_in(response), "unknown");
  ASSERT_TRUE(reaches("failed"));
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentUnknown", "PaymentFailed"}));
  EXPECT_EQ(state_in(get("/payments/preauthorisations/" + reference_)), "failed");
  EXPECT_EQ(state_in(hold("silent")), "failed");
  expect_books_closed();
}

TEST_F(PaymentTest, ASlowProviderIsAskedAgainAndALateHoldIsLetGo) {
  EXPECT_EQ(hold("slow").status, 202);
  ASSERT_TRUE(reaches("authorised"));
  EXPECT_EQ(state_in(get("/payments/preauthorisations/" + reference_)), "authorised");
  ASSERT_TRUE(session_failed());
  ASSERT_TRUE(reaches("voided"));
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentUnknown", "PaymentAuthorized", "PaymentVoided"}));
  EXPECT_EQ(event_data("PaymentVoided", "reason"), "sessionFailed");
  EXPECT_EQ(at_provider().status, payment_provider::Status::kVoided);
  expect_books_closed();
}

TEST_F(PaymentTest, AHoldThatIsGivenUpBeforeItsOutcomeIsKnownIsLetGoLater) {
  EXPECT_EQ(hold("error-after-effect").status, 202);
  const http::Response asked = send(post_call("/payments/preauthorisations/" + reference_ + "/void", "v", ""));
  EXPECT_EQ(asked.status, 202) << asked.body;
  EXPECT_EQ(send(post_call("/payments/preauthorisations/" + reference_ + "/void", "v", "")).body, asked.body);
  ASSERT_TRUE(reaches("voided"));
  EXPECT_EQ(event_data("PaymentVoided", "reason"), "lateAuthorisation");
  EXPECT_EQ(at_provider().status, payment_provider::Status::kVoided);
  expect_books_closed();
}

TEST_F(PaymentTest, ARequestThatComesAfterItsSessionFailedHoldsNothing) {
  ASSERT_TRUE(session_failed());
  EXPECT_EQ(hold("approved").status, 409);
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(PaymentTest, NothingDeliveredIsVoided) {
  hold("approved");
  ASSERT_TRUE(ended(0));
  ASSERT_TRUE(reaches("voided"));
  EXPECT_EQ(event_data("PaymentVoided", "reason"), "nothingDelivered");
  EXPECT_EQ(value("SELECT count(*) FROM payment WHERE receipt IS NOT NULL"), "0");
  expect_books_closed();
}

TEST_F(PaymentTest, WhatTheHoldDoesNotCoverIsOwed) {
  hold("approved");
  ASSERT_TRUE(ended(1'500));
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(event_data("PaymentCaptured", "captured,amount"), "1000");
  EXPECT_EQ(event_data("PaymentCaptured", "receivable,amount"), "500");
  EXPECT_EQ(value(std::string("SELECT debits_posted FROM account WHERE code = 'driver:") + kDriver + "'"), "500");
  expect_books_closed();
}

TEST_F(PaymentTest, FiguresTellWhatIsHeldCapturedAndOwed) {
  const auto money = [this] {
    RequestContext context;
    return evc::testing::run_task(worker_, store::figures(context, *pool_)).value().money;
  };
  EXPECT_TRUE(money().empty());
  hold("approved");
  ASSERT_EQ(money().size(), 1U);
  EXPECT_EQ(money()[0].currency, "BRL");
  EXPECT_EQ(money()[0].held, 1'000);
  EXPECT_EQ(money()[0].captured, 0);
  ASSERT_TRUE(ended(1'500));
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(money()[0].held, 0);
  EXPECT_EQ(money()[0].captured, 1'000);
  EXPECT_EQ(money()[0].receivable, 500);
  EXPECT_EQ(money()[0].released + money()[0].refunded, 0);
}

TEST_F(PaymentTest, AWrongAmountIsNoHoldAndIsLetGo) {
  EXPECT_EQ(state_in(hold("wrong-amount")), "failed");
  ASSERT_TRUE(all_steps_done());
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentFailed"}));
  EXPECT_EQ(event_data("PaymentFailed", "reason"), "wrongAmount");
  EXPECT_EQ(at_provider().status, payment_provider::Status::kVoided);
  EXPECT_EQ(value("SELECT count(*) FROM reconciliation_case"), "1");
}

TEST_F(PaymentTest, AnExpiredHoldIsSaidAndThePriceIsOwed) {
  hold("expired-hold");
  ASSERT_TRUE(reaches("expired"));
  EXPECT_EQ(event_data("PaymentVoided", "reason"), "holdExpired");
  ASSERT_TRUE(ended(700));
  EXPECT_EQ(event_data("PaymentCaptured", "receivable,amount"), "700");
  expect_books_closed();
}

TEST_F(PaymentTest, ARefusedCaptureIsOwed) {
  hold("capture-fails");
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(reaches("captured"));
  ASSERT_TRUE(all_steps_done());
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentAuthorized", "PaymentFailed", "PaymentCaptured"}));
  EXPECT_EQ(event_data("PaymentCaptured", "captured,amount"), "0");
  EXPECT_EQ(event_data("PaymentCaptured", "receivable,amount"), "700");
  EXPECT_EQ(at_provider().status, payment_provider::Status::kVoided);
  expect_books_closed();
}

class MisbehavingProvider : public PaymentTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(MisbehavingProvider, TakesTheMoneyOnceAllTheSame) {
  hold(GetParam());
  ASSERT_TRUE(reaches("authorised")) << state();
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(reaches("captured")) << state();
  ASSERT_TRUE(all_steps_done());
  EXPECT_EQ(at_provider().status, payment_provider::Status::kCaptured);
  EXPECT_EQ(at_provider().captured.amount, 700);
  const Strings all = events();
  EXPECT_EQ(std::count(all.begin(), all.end(), "PaymentAuthorized"), 1);
  EXPECT_EQ(std::count(all.begin(), all.end(), "PaymentCaptured"), 1);
  EXPECT_EQ(value("SELECT count(*) FROM reconciliation_case"), "0");
  expect_books_closed();
}

INSTANTIATE_TEST_SUITE_P(Tokens, MisbehavingProvider,
                         ::testing::Values("slow", "drop-after-effect", "error-after-effect", "duplicate-webhook",
                                           "webhook-first", "out-of-order"),
                         [](const auto& token) {
                           std::string name = token.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(PaymentTest, AProviderThatFlapsBeforeTheHoldHoldsNothingUnknown) {
  // Its first answer is 503 without an effect: unknown, then found never to have happened.
  EXPECT_EQ(hold("flapping").status, 202);
  // Asked again with the same key before that: held.
  EXPECT_EQ(state_in(hold("flapping")), "authorised");
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(at_provider().captured.amount, 700);
  expect_books_closed();
}

TEST_F(PaymentTest, AStepThatACrashLeftIsTakenUpWhenItsLeaseEnds) {
  hold("approved");
  ASSERT_TRUE(ended(700));
  ASSERT_TRUE(reaches("captured"));
  // As if the process had been killed between the provider's answer and writing it down.
  value("UPDATE payment SET state = 'capturing', captured = 0, released = 0, receivable = 0");
  value(
      "UPDATE provider_job SET done_at = NULL, leased_until = now() + interval '300 milliseconds' WHERE step = "
      "'capture'");
  ASSERT_TRUE(reaches("captured"));
  EXPECT_EQ(at_provider().captured.amount, 700);
  EXPECT_EQ(value("SELECT count(*) FROM transfer WHERE kind = 'post'"), "1");
  expect_books_closed();
}

TEST_F(PaymentTest, AWebhookNeedsItsSignature) {
  hold("approved");
  const std::string body = json::serialize(json::Object{{"type", "hold.expired"},
                                                        {"reference", reference_},
                                                        {"operationKey", "k"},
                                                        {"amount", {{"amount", 1'000}, {"currency", "BRL"}}},
                                                        {"occurredAt", format_rfc3339(system_clock().wall())}});
  const std::string timestamp = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(system_clock().wall().time_since_epoch()).count());
  const auto webhook = [&](const std::string& id, const std::string& secret) {
    http::Call call = post_call("/payments/provider/webhooks", "", body);
    call.headers.add("webhook-id", id);
    call.headers.add("webhook-timestamp", timestamp);
    call.headers.add("webhook-signature",
                     sign_webhook({id, timestamp, body}, Secret<std::string>(std::string(secret))));
    return send(std::move(call)).status;
  };
  EXPECT_EQ(webhook("m1", "wrong"), 401);
  EXPECT_EQ(state(), "authorised");
  EXPECT_EQ(webhook("m1", "hook"), 202);
  EXPECT_EQ(state(), "expired");
  EXPECT_EQ(webhook("m1", "hook"), 202);
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentAuthorized", "PaymentVoided"}));
}

TEST_F(PaymentTest, PagesFollowEachOtherWithoutAGap) {
  value(std::string("INSERT INTO payment (id, reference, session_id, puid, correlation_id, method, token, state, "
                    "currency, asked, created_at, updated_at) "
                    "SELECT gen_random_uuid(), 'pa-' || n, gen_random_uuid(), '") +
        kDriver +
        "', gen_random_uuid(), 'simulatedPix', '', 'declined', 'BRL', 1, "
        "timestamptz '2026-11-23Z' + (n / 2) * interval '1 second', now() FROM generate_series(1, 25) n");
  std::set<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const http::Response page = get("/payments?limit=10" + (cursor.empty() ? "" : "&cursor=" + cursor), kDriver);
    ASSERT_EQ(page.status, 200) << page.body;
    const auto body = json::parse(page.body)->as_object();
    for (const auto& payment : body.at("payments").as_array())
      EXPECT_TRUE(seen.insert(std::string(payment.at("paymentId").as_string())).second);
    cursor = body.contains("nextCursor") ? std::string(body.at("nextCursor").as_string()) : "";
    ++pages;
  } while (!cursor.empty() && pages < 10);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen.size(), 25U);
  EXPECT_EQ(get("/payments?cursor=AAAA", kDriver).status, 422);
}

}  // namespace
}  // namespace evc::payment
