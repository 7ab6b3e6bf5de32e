// What charging says and what charging asks for, meeting in the middle of each other's transactions.
#include "services/payment/api/payment_fixture_test.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

constexpr const char* kWaiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";

class MeetingTest : public PaymentTest {
 protected:
  messaging::Event fact(std::string type, json::Object more) {
    json::Object data{{"sessionId", to_string(session_)}, {"preauthorisationReference", reference_}};
    for (const auto& member : more) data[member.key()] = member.value();
    return {.event_id = uuid_v7(), .event_type = std::move(type), .data = std::move(data)};
  }
  messaging::Event failed_fact() { return fact("ChargingSessionFailed", {{"reason", "paymentUnknown"}}); }
  messaging::Event ended_fact(std::int64_t price) {
    return fact("ChargingSessionEnded", {{"stationId", "BR-PRT-0001"},
                                         {"connectorId", 1},
                                         {"stationName", "Posto Paraty"},
                                         {"startedAt", "2026-11-23T17:04:12.000Z"},
                                         {"endedAt", "2026-11-23T17:31:08.000Z"},
                                         {"durationS", 1616},
                                         {"energyWh", 22312},
                                         {"finalPrice", {{"amount", price}, {"currency", "BRL"}}},
                                         {"priceLines", json::Array{}}});
  }

  // Both in one transaction, as the inbox takes a batch: no step runs in between.
  Task<Result<void>> failed_and_ended(std::int64_t price) {
    auto handlers = charging_.handlers();
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await handlers.at("ChargingSessionFailed")(context_, transaction, failed_fact()));
    EVC_CO_CHECK(co_await handlers.at("ChargingSessionEnded")(context_, transaction, ended_fact(price)));
    co_return co_await transaction.commit(context_);
  }

  // Something else begins in the middle of the transaction; it must wait for its end.
  Task<Result<void>> fail_around(std::function<void()> begin_other, const bool& other_done) {
    auto handlers = charging_.handlers();
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await handlers.at("ChargingSessionFailed")(context_, transaction, failed_fact()));
    begin_other();
    EVC_CO_CHECK(co_await until_waiting(other_done));
    co_return co_await transaction.commit(context_);
  }
  Task<Result<void>> insert_around(std::function<void()> begin_other, const bool& other_done) {
    const Reaction reaction = requested({.id = uuid_v7(),
                                         .reference = reference_,
                                         .session_id = session_,
                                         .puid = kDriver,
                                         .correlation_id = correlation_,
                                         .token = "approved",
                                         .asked = 1'000},
                                        context_.clock->wall());
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await store::lock_reference(context_, transaction, reference_));
    EVC_CO_TRY(inserted, co_await store::insert(context_, transaction, reaction.payment));
    EXPECT_TRUE(inserted);
    begin_other();
    EVC_CO_CHECK(co_await until_waiting(other_done));
    co_return co_await transaction.commit(context_);
  }
  Task<Result<void>> until_waiting(const bool& other_done) {
    const SteadyTime deadline = std::chrono::steady_clock::now() + 15s;
    while (std::chrono::steady_clock::now() < deadline) {
      if (other_done) co_return fail(Code::kInternal, "the other one did not wait");
      const std::string waiting = co_await ask(kWaiting);
      if (waiting == "1") co_return Result<void>{};
      co_await sleep_for(worker_, 10ms);
    }
    co_return fail(Code::kInternal, "the other one never came");
  }

  Task<> hold_beside(int& status) {
    auto response =
        co_await client_->send(context_, post_call("/payments/preauthorisations", "k", body_of("approved")));
    status = response ? response->status : -1;
    done_ = true;
  }
  Task<> fail_beside(Result<void>& result) {
    result = co_await apply(failed_fact());
    done_ = true;
  }
  void wait_until_done() {
    evc::testing::run_until(worker_, [this] { return done_; });
  }

  bool done_ = false;
};

TEST_F(MeetingTest, ARequestWaitsForTheFailureThatClosesItsReference) {
  int status = 0;
  const auto closed = run(fail_around([&] { worker_.tasks().spawn("hold", hold_beside(status)); }, done_));
  EXPECT_TRUE(closed) << closed.error().detail;
  wait_until_done();
  EXPECT_EQ(status, 409);
  EXPECT_EQ(book_.size(), 0U) << "a hold that nobody lets go";
}

TEST_F(MeetingTest, AFailureWaitsForTheRequestThatWritesItsPayment) {
  Result<void> failed;
  const auto written = run(insert_around([&] { worker_.tasks().spawn("failure", fail_beside(failed)); }, done_));
  EXPECT_TRUE(written) << written.error().detail;
  wait_until_done();
  EXPECT_TRUE(failed);
  EXPECT_EQ(value("SELECT void_reason FROM payment"), "lateAuthorisation");
  EXPECT_EQ(value("SELECT count(*) FROM closed_reference"), "0");
}

TEST_F(MeetingTest, APriceThatComesWhileTheHoldIsLetGoIsOwed) {
  hold("approved");
  ASSERT_TRUE(run(failed_and_ended(700)));
  ASSERT_TRUE(reaches("captured")) << state();
  EXPECT_EQ(events(), (Strings{"PaymentSimulated", "PaymentAuthorized", "PaymentVoided", "PaymentCaptured"}));
  EXPECT_EQ(at_provider().status, payment_provider::Status::kVoided);
  EXPECT_EQ(event_data("PaymentVoided", "released,amount"), "1000");
  EXPECT_EQ(event_data("PaymentCaptured", "captured,amount"), "0");
  EXPECT_EQ(event_data("PaymentCaptured", "released,amount"), "0");
  EXPECT_EQ(event_data("PaymentCaptured", "receivable,amount"), "700");
  EXPECT_EQ(value(std::string("SELECT debits_posted FROM account WHERE code = 'driver:") + kDriver + "'"), "700");
  EXPECT_EQ(value("SELECT credits_posted FROM account WHERE code = 'revenue:charging'"), "700");
  EXPECT_EQ(value("SELECT count(*) FROM reconciliation_case"), "0");
  const auto payment =
      json::parse(get("/payments?sessionId=" + to_string(session_), kDriver).body)->at("payments").as_array().at(0);
  EXPECT_EQ(payment.at("released").at("amount").as_int64(), 1'000);
  EXPECT_EQ(payment.at("receivable").at("amount").as_int64(), 700);
  EXPECT_EQ(payment.at("receipt").at("total").at("amount").as_int64(), 700);
  expect_books_closed();
}

TEST_F(MeetingTest, ThePaymentOfAnExpiredHoldNamesWhatWasReleased) {
  hold("expired-hold");
  ASSERT_TRUE(reaches("expired"));
  ASSERT_TRUE(ended(700));
  EXPECT_EQ(value("SELECT captured || ' ' || released || ' ' || receivable FROM payment"), "0 1000 700");
  EXPECT_EQ(value("SELECT sum(amount)::text FROM transfer WHERE kind = 'void'"), "1000");
  expect_books_closed();
}

}  // namespace
}  // namespace evc::payment
