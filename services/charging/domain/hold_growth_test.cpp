// A charge whose energy limit is above its first hold: when it asks for more, and how it ends when more does not come.
#include "services/charging/domain/hold_growth.hpp"

#include <gtest/gtest.h>

#include <random>

#include "services/charging/domain/fact_reading.hpp"
#include "services/charging/domain/payment_answers.hpp"
#include "services/charging/domain/session.hpp"

namespace evc::charging {
namespace {

using std::chrono::seconds;
const WallTime kNow{seconds(1'790'000'000)};
// 2.00 a kWh and 3.00 for the start: 60 kWh are 123.00, 150 kWh are 303.00, one increment is 40.00.
const StationFacts kStation{.id = "S",
                            .name = "Posto",
                            .connector_id = 1,
                            .connector_type = "CCS2",
                            .connector_max_power_w = 150'000,
                            .tariff = {.currency = Currency::brl(), .per_kwh_minor = 200, .start_fee_minor = 300}};

Session charging(std::int64_t limit_wh, const HoldRules& rules = {}) {
  Session session =
      request_session({.puid = "p", .energy_limit_wh = limit_wh}, kStation, uuid_v7(), {}, kNow, rules)->session;
  session = hold_outcome(session, Input::kHoldAuthorised, kNow).session;
  return transaction_started(session, "7", {.meter_wh = 0, .at = kNow}, kNow).session;
}
Outcome at(const Session& session, std::int64_t meter_wh) {
  return energy_measured(session, {.meter_wh = meter_wh, .power_w = 60'000, .at = kNow}, kNow);
}
// In steps of 2 kWh.
Session driven(Session session, std::int64_t until_wh) {
  for (std::int64_t wh = session.energy_wh + 2'000; wh <= until_wh; wh += 2'000) session = at(session, wh).session;
  return session;
}
Session near_the_hold() {
  return driven(charging(150'000), 48'000);
}
Outcome answered(const Session& session, Input input, std::int64_t held_minor = 0) {
  return increment_answered(session, {.number = session.increment.number, .input = input, .held_minor = held_minor},
                            kNow);
}
std::string stop_reason(const Outcome& outcome) {
  for (const Emission& emission : outcome.emissions)
    if (emission.type == "ChargingSessionStopRequested") return std::string(emission.data.at("reason").as_string());
  return "";
}

TEST(HoldGrowth, TheLimitIsWhatTheDriverAgreedTo) {
  const Session session = charging(150'000);
  EXPECT_EQ(session.energy_limit_wh, 150'000);
  EXPECT_EQ(session.hold_minor, 12'300);
  EXPECT_EQ(session.hold_limit_minor, 30'300);
  const Session usual = charging(30'000);
  EXPECT_EQ(usual.hold_minor, usual.hold_limit_minor) << "covered from the beginning: it never grows";
  const Session without = request_session({.puid = "p"}, kStation, uuid_v7(), {}, kNow)->session;
  EXPECT_EQ(without.energy_limit_wh, 60'000);
  EXPECT_EQ(without.hold_minor, without.hold_limit_minor);
}

TEST(HoldGrowth, MoreIsWantedOnceTheCostComesNearToTheHold) {
  Session session = at(charging(150'000), 20'000).session;
  EXPECT_EQ(session.increment.state, IncrementState::kNone) << "20 kWh and 20 more are below 80 % of the hold";
  session = at(session, 36'000).session;
  ASSERT_EQ(session.increment.state, IncrementState::kWanted) << "another 16 kWh would be beyond";
  EXPECT_EQ(session.increment.number, 1);
  EXPECT_EQ(session.increment.amount_minor, 4'000);
  EXPECT_EQ(session.increment.due_at, kNow);
  const Session again = at(session, 37'000).session;
  EXPECT_EQ(again.increment.number, 1) << "one at a time";
}

TEST(HoldGrowth, AnAuthorisedIncrementRaisesTheHoldAndTheNextOneFollows) {
  const Session session = near_the_hold();
  const Outcome grown = answered(session, Input::kIncrementAuthorised, 16'300);
  EXPECT_TRUE(grown.changed);
  EXPECT_EQ(grown.session.state, SessionState::kCharging);
  EXPECT_EQ(grown.session.hold_minor, 16'300);
  EXPECT_FALSE(grown.session.increment.due_at);
  EXPECT_FALSE(answered(grown.session, Input::kIncrementAuthorised, 20'300).changed) << "said before";
  const Session later = at(at(grown.session, 62'000).session, 64'000).session;
  EXPECT_EQ(later.state, SessionState::kCharging) << "beyond the first hold";
  EXPECT_EQ(later.increment.number, 2);
}

TEST(HoldGrowth, TheHoldNeverGrowsAboveTheLimit) {
  Session session = charging(70'000);
  EXPECT_EQ(session.hold_limit_minor, 14'300);
  session = driven(session, 48'000);
  ASSERT_EQ(session.increment.amount_minor, 2'000) << "what is left up to the limit";
  session = answered(session, Input::kIncrementAuthorised, 14'300).session;
  session = at(at(session, 60'000).session, 62'000).session;
  EXPECT_EQ(session.increment.number, 1) << "nothing is left to ask for";
  const Outcome end = at(session, 69'960);
  EXPECT_EQ(stop_reason(end), "energyLimit");
}

TEST(HoldGrowth, WithoutMoreTheChargeStopsBeforeItCouldPassTheHold) {
  const Session session = near_the_hold();
  struct {
    Session session;
    const char* reason;
  } cases[]{{answered(session, Input::kIncrementRefused).session, "incrementDeclined"},
            {answered(session, Input::kIncrementUnknown).session, "incrementUnknown"},
            {session, "incrementUnknown"}};
  for (const auto& one : cases) {
    const Outcome goes_on = at(one.session, 52'000);
    EXPECT_EQ(goes_on.session.state, SessionState::kCharging) << "what is held may be used";
    const Outcome last = at(goes_on.session, 57'000);
    EXPECT_EQ(stop_reason(last), one.reason);
    EXPECT_LT(last.session.cost_minor, last.session.hold_minor);
    EXPECT_EQ(last.session.state, SessionState::kStopping);
  }
}

TEST(HoldGrowth, WhatFlowsWhileTheStopIsOnItsWayIsHeldToo) {
  const Session session = driven(answered(near_the_hold(), Input::kIncrementRefused).session, 54'000);
  ASSERT_EQ(session.state, SessionState::kCharging) << "two steps of 2 kWh are still covered";
  const Session stopping = at(session, 56'000).session;
  EXPECT_EQ(stopping.state, SessionState::kStopping) << "2 kWh until the next reading and 2 more would reach the hold";
}

TEST(HoldGrowth, ALargeStepAfterASilenceStopsNothing) {
  const Session session = at(charging(150'000), 28'000).session;
  EXPECT_EQ(session.state, SessionState::kCharging);
  EXPECT_EQ(session.increment.state, IncrementState::kWanted);
}

TEST(HoldGrowth, UnknownIsAskedAgainAndMayStillBecomeAYes) {
  const Outcome unknown = answered(near_the_hold(), Input::kIncrementUnknown);
  EXPECT_TRUE(unknown.changed);
  EXPECT_EQ(unknown.session.increment.state, IncrementState::kUnknown);
  EXPECT_GT(unknown.session.increment.due_at, kNow);
  EXPECT_FALSE(answered(unknown.session, Input::kIncrementUnknown).changed);
  EXPECT_EQ(answered(unknown.session, Input::kIncrementAuthorised, 16'300).session.hold_minor, 16'300);
}

TEST(HoldGrowth, WhatIsHeardAfterTheEndStillCounts) {
  const Session session = near_the_hold();
  Session ended = transaction_ended(session, {.meter_wh = 50'000, .at = kNow}, 0, "vehicle", kNow).session;
  ASSERT_EQ(ended.state, SessionState::kEnded);
  const Outcome late = answered(ended, Input::kIncrementAuthorised, 16'300);
  EXPECT_EQ(late.session.state, SessionState::kEnded);
  EXPECT_EQ(late.session.hold_minor, 16'300);
  EXPECT_FALSE(late.contradiction);
  EXPECT_FALSE(answered(ended, Input::kIncrementRefused).contradiction);
  const Session paid = captured(late.session, late.session.cost_minor, 0, kNow).session;
  EXPECT_FALSE(answered(paid, Input::kIncrementUnknown).contradiction);
}

TEST(HoldGrowth, AnotherAmountIsAContradictionAndChangesNothing) {
  const Session session = near_the_hold();
  const Outcome wrong = answered(session, Input::kIncrementAuthorised, 16'301);
  EXPECT_TRUE(wrong.contradiction);
  EXPECT_FALSE(wrong.changed);
}

TEST(HoldGrowth, FactsOfIncrementsAreNoFactsOfTheHold) {
  const Session session = near_the_hold();
  const auto said = [&](const char* type, json::Object data) {
    data["increment"] = 1;
    return payment_said(session, type, data, kNow).value();
  };
  EXPECT_EQ(said("PaymentAuthorized", {{"held", {{"amount", 16'300}, {"currency", "BRL"}}}}).session.hold_minor,
            16'300);
  EXPECT_EQ(said("PaymentDeclined", {}).session.increment.state, IncrementState::kRefused);
  EXPECT_EQ(said("PaymentFailed", {{"step", "increment"}}).session.increment.state, IncrementState::kRefused);
  EXPECT_EQ(said("PaymentUnknown", {{"step", "increment"}}).session.increment.state, IncrementState::kUnknown);
  for (const char* type : {"PaymentDeclined", "PaymentFailed", "PaymentUnknown"})
    EXPECT_FALSE(said(type, {{"step", "increment"}}).contradiction) << type;
  EXPECT_FALSE(payment_said(session, "PaymentAuthorized", {{"increment", 1}}, kNow)) << "how much is held is missing";
}

TEST(HoldGrowth, WhatIsNoClearAnswerIsUnknown) {
  const auto told = [](int status, const char* body) { return increment_told(1, status, body).input; };
  const IncrementAnswer yes = increment_told(3, 201, R"({"state":"authorised","held":{"amount":5,"currency":"BRL"}})");
  EXPECT_EQ(yes.input, Input::kIncrementAuthorised);
  EXPECT_EQ(yes.held_minor, 5);
  EXPECT_EQ(yes.number, 3);
  EXPECT_EQ(told(201, R"({"state":"declined"})"), Input::kIncrementRefused);
  EXPECT_EQ(told(201, R"({"state":"failed"})"), Input::kIncrementRefused);
  EXPECT_EQ(told(409, R"({"code":"conflict"})"), Input::kIncrementRefused);
  EXPECT_EQ(told(404, R"({"code":"payment-not-found"})"), Input::kIncrementRefused);
  for (const char* body : {R"({"state":"unknown"})", R"({"state":"authorised"})", "", "nonsense", "[]"})
    EXPECT_EQ(told(202, body), Input::kIncrementUnknown) << body;
  EXPECT_EQ(told(409, R"({"code":"request-in-progress"})"), Input::kIncrementUnknown);
  EXPECT_EQ(told(503, R"({"code":"circuit-open"})"), Input::kIncrementUnknown);
}

// Whatever is answered in whatever order: the cost stays within the hold while the steps are even, and the hold within
// the limit.
TEST(HoldGrowth, NoOrderOfAnswersPassesTheHoldOrTheLimit) {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    std::mt19937 random(seed);
    const auto limit_wh = static_cast<std::int64_t>(61'000 + random() % 200'000);
    const auto step_wh = static_cast<std::int64_t>(500 + random() % 6'000);
    Session session = charging(limit_wh);
    std::int64_t meter_wh = 0;
    while (session.state == SessionState::kCharging || session.state == SessionState::kStarted) {
      meter_wh += step_wh;
      session = at(session, meter_wh).session;
      if (random() % 2 == 0) continue;
      const Input input = random() % 3 == 0   ? Input::kIncrementUnknown
                          : random() % 8 == 0 ? Input::kIncrementRefused
                                              : Input::kIncrementAuthorised;
      const Outcome outcome = answered(session, input, session.hold_minor + session.increment.amount_minor);
      ASSERT_FALSE(outcome.contradiction);
      if (outcome.changed) session = outcome.session;
      ASSERT_LE(session.hold_minor, session.hold_limit_minor) << "seed " << seed;
    }
    ASSERT_EQ(session.state, SessionState::kStopping);
    if (session.stop_reason != "energyLimit") ASSERT_LT(session.cost_minor, session.hold_minor) << "seed " << seed;
  }
}

}  // namespace
}  // namespace evc::charging
