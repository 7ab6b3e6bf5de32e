#include "services/charging/domain/session.hpp"

#include <gtest/gtest.h>

#include <random>

namespace evc::charging {
namespace {

using std::chrono::seconds;
const WallTime kNow{seconds(1'790'000'000)};

StationFacts station() {
  return {.id = "BR-SP-0001",
          .name = "Posto Paraty",
          .connector_id = 1,
          .connector_type = "CCS2",
          .connector_max_power_w = 60'000,
          .tariff = {.currency = Currency::brl(), .per_kwh_minor = 200, .start_fee_minor = 300}};
}

Session requested(StartOrder order = {.puid = "p1.x"}) {
  return request_session(order, station(), uuid_v7(), {std::string(32, 'a'), std::string(16, 'b')}, kNow)
      .value()
      .session;
}
Session authorised(StartOrder order = {.puid = "p1.x"}) {
  return hold_outcome(requested(order), Input::kHoldAuthorised, kNow).session;
}
Session charging(StartOrder order = {.puid = "p1.x"}) {
  Session session = transaction_started(authorised(order), "1001", {.meter_wh = 5'000, .at = kNow}, kNow).session;
  return energy_measured(session, {.meter_wh = 6'000, .power_w = 50'000, .soc = 0.3, .at = kNow + seconds(60)},
                         kNow + seconds(60))
      .session;
}
std::string said(const Outcome& outcome) {
  std::string types;
  for (const Emission& emission : outcome.emissions) types += (types.empty() ? "" : ",") + emission.type;
  return types;
}

TEST(Session, TheFirstHoldIsThePriceOfTheLimitAndNeverOfMoreThanSixtyKwh) {
  EXPECT_EQ(requested().hold_minor, 300 + 60 * 200);
  EXPECT_EQ(requested({.puid = "p", .energy_limit_wh = 30'000}).hold_minor, 300 + 30 * 200);
  EXPECT_EQ(requested({.puid = "p", .energy_limit_wh = 400'000}).hold_minor, 300 + 60 * 200);
  EXPECT_EQ(requested({.puid = "p", .energy_limit_wh = 400'000}).energy_limit_wh, 400'000);
}

TEST(Session, HappyPathSaysEachFactOnceAndEndsCaptured) {
  const Outcome ready = hold_outcome(requested(), Input::kHoldAuthorised, kNow);
  EXPECT_EQ(said(ready), "ChargingSessionAuthorized");
  const Outcome started = transaction_started(ready.session, "1001", {.meter_wh = 5'000, .at = kNow}, kNow);
  EXPECT_EQ(said(started), "ChargingSessionStarted");
  const Outcome measured = energy_measured(
      started.session, {.meter_wh = 15'000, .power_w = 50'000, .at = kNow + seconds(600)}, kNow + seconds(600));
  EXPECT_EQ(said(measured), "ChargingSessionUpdated");
  EXPECT_EQ(measured.session.state, SessionState::kCharging);
  EXPECT_EQ(measured.session.cost_minor, 300 + 10 * 200);
  const Outcome stopping = stop_requested(measured.session, "driver", kNow + seconds(700));
  EXPECT_EQ(said(stopping), "ChargingSessionStopRequested");
  const Outcome ended = transaction_ended(stopping.session, {.meter_wh = 17'500, .at = kNow + seconds(710)}, 5'000,
                                          "unknown", kNow + seconds(711));
  EXPECT_EQ(said(ended), "ChargingSessionEnded");
  const json::Object& bill = ended.emissions[0].data;
  EXPECT_EQ(bill.at("energyWh"), 12'500);
  EXPECT_EQ(bill.at("finalPrice").at("amount"), 300 + 2'500);
  EXPECT_EQ(bill.at("durationS"), 710);
  EXPECT_EQ(bill.at("reason"), "driver");
  EXPECT_FALSE(bill.contains("endSoc")) << "the station told none";
  std::int64_t lines = 0;
  for (const auto& line : bill.at("priceLines").as_array()) lines += line.at("amount").at("amount").as_int64();
  EXPECT_EQ(lines, 2'800);
  const Outcome paid = captured(ended.session, 2'800, 0, kNow + seconds(712));
  EXPECT_EQ(paid.session.state, SessionState::kCaptured);
  EXPECT_FALSE(paid.session.deadline_at);
}

TEST(Session, TheEndTellsTheLastStateOfChargeThatWasHeard) {
  const Outcome ended = transaction_ended(charging(), {.meter_wh = 6'000, .at = kNow + seconds(90)}, 5'000, "vehicle",
                                          kNow + seconds(90));
  ASSERT_EQ(said(ended), "ChargingSessionEnded");
  EXPECT_EQ(ended.emissions[0].data.at("endSoc"), 0.3);
}

TEST(Session, UnknownHoldNeverStarts) {
  const Outcome unknown = hold_outcome(requested(), Input::kHoldUnknown, kNow);
  EXPECT_EQ(unknown.session.state, SessionState::kPreauthUnknown);
  const Outcome late = hold_outcome(unknown.session, Input::kHoldAuthorised, kNow + seconds(9));
  EXPECT_EQ(late.session.state, SessionState::kVoiding);
  ASSERT_EQ(said(late), "ChargingSessionFailed");
  EXPECT_EQ(late.emissions[0].data.at("reason"), "paymentUnknown");
  EXPECT_TRUE(late.emissions[0].data.contains("preauthorisationReference"));
  EXPECT_EQ(released(late.session, Input::kReleased, kNow).session.state, SessionState::kVoided);
}

TEST(Session, DeclinedFailsWithoutAReference) {
  const Outcome declined = hold_outcome(requested(), Input::kHoldDeclined, kNow);
  EXPECT_EQ(declined.session.state, SessionState::kFailed);
  EXPECT_EQ(declined.emissions[0].data.at("reason"), "paymentDeclined");
  EXPECT_FALSE(declined.emissions[0].data.contains("preauthorisationReference"));
}

TEST(Session, StationRefusalReleasesTheHold) {
  const Outcome refused = start_refused(authorised(), "stationRejected", kNow);
  EXPECT_EQ(refused.session.state, SessionState::kVoiding);
  EXPECT_EQ(refused.emissions[0].data.at("reason"), "stationRejected");
}

TEST(Session, LateStartIsStoppedBilledAndOwed) {
  Session voided =
      released(start_refused(authorised(), "stationTimeout", kNow).session, Input::kReleased, kNow).session;
  const Outcome late = transaction_started(voided, "7", {.meter_wh = 0, .at = kNow}, kNow);
  EXPECT_EQ(late.session.state, SessionState::kLateStarted);
  EXPECT_EQ(said(late), "ChargingSessionStarted,ChargingSessionStopRequested");
  EXPECT_EQ(late.emissions[0].data.at("late"), true);
  const Outcome ended =
      transaction_ended(late.session, {.meter_wh = 1'000, .at = kNow + seconds(5)}, 0, "unknown", kNow + seconds(5));
  EXPECT_EQ(said(ended), "ChargingSessionEnded");
  EXPECT_EQ(captured(ended.session, 0, 500, kNow).session.state, SessionState::kReceivable);
  const Outcome nothing =
      transaction_ended(late.session, {.meter_wh = 0, .at = kNow + seconds(5)}, 0, "unknown", kNow + seconds(5));
  EXPECT_EQ(nothing.session.state, SessionState::kVoided);
}

// Its hold went while the news of its end was on the way, or while payment was asked to capture.
TEST(Session, ABilledSessionWaitsForPaymentAlthoughItsHoldIsGone) {
  const Session ended =
      transaction_ended(charging(), {.meter_wh = 6'000, .at = kNow + seconds(90)}, 5'000, "vehicle", kNow + seconds(90))
          .session;
  const Session capturing = capture_unknown(ended, kNow + seconds(95)).session;
  for (const Session& session : {ended, capturing}) {
    for (const Input input : {Input::kReleased, Input::kHoldExpired}) {
      const Outcome gone = released(session, input, kNow + seconds(96));
      EXPECT_EQ(gone.session.state, session.state) << name(input);
      EXPECT_TRUE(gone.session.hold_gone);
      EXPECT_TRUE(gone.changed);
      EXPECT_FALSE(gone.contradiction);
      EXPECT_EQ(said(gone), "");
      const Outcome owed = captured(gone.session, 0, session.cost_minor, kNow + seconds(97));
      EXPECT_EQ(owed.session.state, SessionState::kReceivable);
      EXPECT_EQ(owed.session.receivable_minor, 500);
    }
  }
}

TEST(Session, WithoutAPriceTheEndOfTheHoldIsTheEndOfTheSession) {
  Session ended = transaction_started(authorised(), "7", {.meter_wh = 5'000, .at = kNow}, kNow).session;
  ended = transaction_ended(ended, {.meter_wh = 5'000, .at = kNow}, 5'000, "vehicle", kNow).session;
  ASSERT_EQ(ended.state, SessionState::kEnded);
  EXPECT_EQ(released(ended, Input::kReleased, kNow).session.state, SessionState::kVoided);
  EXPECT_EQ(released(ended, Input::kHoldExpired, kNow).session.state, SessionState::kExpired);
}

TEST(Session, AHoldThatCameAndWentUnheardEndsItsSession) {
  const Session unknown = hold_outcome(requested(), Input::kHoldUnknown, kNow).session;
  for (const Session& session : {requested(), unknown}) {
    const Outcome expired = released(session, Input::kHoldExpired, kNow);
    EXPECT_EQ(expired.session.state, SessionState::kExpired);
    EXPECT_FALSE(expired.contradiction);
    ASSERT_EQ(said(expired), "ChargingSessionFailed");
    EXPECT_EQ(expired.emissions[0].data.at("reason"), "expired");
    EXPECT_FALSE(expired.emissions[0].data.contains("preauthorisationReference"));
  }
}

TEST(Session, WhatPaymentAnswersEndsAVoidThatNobodySpeaksOf) {
  const Session voiding = deadline_passed(requested(), kNow + seconds(20)).session;
  ASSERT_EQ(voiding.state, SessionState::kVoiding);
  const auto asked = [&](Input answer) { return hold_asked(voiding, answer, kNow + seconds(50)); };
  EXPECT_EQ(asked(Input::kReleased).session.state, SessionState::kVoided);
  EXPECT_EQ(asked(Input::kHoldExpired).session.state, SessionState::kExpired);
  EXPECT_EQ(asked(Input::kHoldDeclined).session.state, SessionState::kFailed);
  EXPECT_EQ(asked(Input::kHoldFailed).session.state, SessionState::kFailed);
  EXPECT_EQ(asked(Input::kNeverHeld).session.state, SessionState::kFailed);
  for (const Input open : {Input::kHoldAuthorised, Input::kHoldUnknown}) {
    const Outcome later = asked(open);
    EXPECT_EQ(later.session.state, SessionState::kVoiding);
    EXPECT_EQ(later.session.deadline_at, kNow + seconds(80));
  }
  // Meanwhile it began after all: what was asked is no answer to that.
  const Session late = transaction_started(voiding, "7", {.meter_wh = 0, .at = kNow}, kNow + seconds(49)).session;
  EXPECT_EQ(hold_asked(late, Input::kReleased, kNow + seconds(50)).session.state, SessionState::kLateStarted);
}

TEST(Session, ThatAHoldWasUnknownIsNoNewsOnceItIsAuthorised) {
  const Session stopped = stop_requested(charging(), "driver", kNow).session;
  const Session ended = transaction_ended(stopped, {.meter_wh = 6'000, .at = kNow}, 5'000, "unknown", kNow).session;
  const Session late =
      transaction_started(start_refused(authorised(), "stationTimeout", kNow).session, "7", {}, kNow).session;
  for (const Session& session : {authorised(), stop_requested(authorised(), "driver", kNow).session,
                                 transaction_started(authorised(), "7", {}, kNow).session, charging(), stopped, late,
                                 start_refused(authorised(), "stationTimeout", kNow).session, ended}) {
    const Outcome unknown = hold_outcome(session, Input::kHoldUnknown, kNow);
    EXPECT_EQ(unknown.session.state, session.state);
    EXPECT_EQ(unknown.session.deadline_at, session.deadline_at);
    EXPECT_FALSE(unknown.contradiction) << name(session.state);
    EXPECT_EQ(said(unknown), "");
  }
}

TEST(Session, WhatComesDuringACaptureIsNoContradiction) {
  const Session capturing =
      capture_unknown(transaction_ended(charging(), {.meter_wh = 6'000, .at = kNow}, 5'000, "vehicle", kNow).session,
                      kNow)
          .session;
  ASSERT_EQ(capturing.state, SessionState::kCapturing);
  EXPECT_FALSE(stop_requested(capturing, "driver", kNow).contradiction);
  const Outcome measured = energy_measured(capturing, {.meter_wh = 9'000, .at = kNow}, kNow);
  EXPECT_FALSE(measured.contradiction);
  EXPECT_EQ(measured.session.cost_minor, capturing.cost_minor);
}

TEST(Session, LimitsAskForAStopOnce) {
  const Session session = charging({.puid = "p", .target_soc = 0.5, .energy_limit_wh = 20'000});
  const auto at = [&](std::int64_t meter_wh, double soc) {
    return energy_measured(session, {.meter_wh = meter_wh, .power_w = 50'000, .soc = soc, .at = kNow + seconds(90)},
                           kNow + seconds(90));
  };
  EXPECT_EQ(said(at(10'000, 0.4)), "ChargingSessionUpdated");
  const Outcome energy = at(24'990, 0.4);  // 19,990 of 20,000 Wh and 50 kW: three seconds ahead is past it
  EXPECT_EQ(said(energy), "ChargingSessionUpdated,ChargingSessionStopRequested");
  EXPECT_EQ(energy.emissions[1].data.at("reason"), "energyLimit");
  EXPECT_EQ(at(10'000, 0.5).emissions[1].data.at("reason"), "targetSoc");
  EXPECT_EQ(said(energy_measured(energy.session, {.meter_wh = 25'100, .power_w = 50'000, .at = kNow + seconds(95)},
                                 kNow + seconds(95))),
            "ChargingSessionUpdated");
}

TEST(Session, MeterThatRunsBackwardsNeverLowersTheBill) {
  const Session session = charging();
  EXPECT_EQ(energy_measured(session, {.meter_wh = 4'000, .at = kNow}, kNow).session.energy_wh, session.energy_wh);
}

TEST(Session, RepetitionsAreIgnoredAndContradictionsReported) {
  Session paid = captured(transaction_ended(charging(), {.meter_wh = 7'000, .at = kNow + seconds(90)}, 5'000, "vehicle",
                                            kNow + seconds(90))
                              .session,
                          700, 0, kNow)
                     .session;
  ASSERT_EQ(paid.state, SessionState::kCaptured);
  const Outcome again = captured(paid, 700, 0, kNow);
  EXPECT_FALSE(again.changed);
  EXPECT_FALSE(again.contradiction);
  EXPECT_TRUE(released(paid, Input::kReleased, kNow).contradiction);
  EXPECT_TRUE(transaction_started(charging(), "other", {}, kNow).contradiction);
  Session ended =
      transaction_ended(charging(), {.meter_wh = 7'000, .at = kNow + seconds(90)}, 5'000, "vehicle", kNow + seconds(90))
          .session;
  EXPECT_TRUE(captured(ended, 1, 0, kNow).contradiction) << "captured + receivable must be the price";
}

TEST(Session, StopBeforeTheStartKeepsTheHoldUntilTheStationHasSpoken) {
  const Outcome asked = stop_requested(authorised(), "driver", kNow);
  EXPECT_EQ(asked.session.state, SessionState::kCancelling);
  EXPECT_EQ(said(asked), "ChargingSessionStopRequested");

  const Outcome refused = start_refused(asked.session, "stationTimeout", kNow + seconds(2));
  const Outcome silent = deadline_passed(asked.session, kNow + seconds(46));
  for (const Outcome& given_up : {refused, silent}) {
    EXPECT_EQ(given_up.session.state, SessionState::kVoiding);
    EXPECT_EQ(said(given_up), "ChargingSessionFailed");
    EXPECT_EQ(given_up.emissions.at(0).data.at("reason"), "cancelled");
    EXPECT_TRUE(given_up.emissions.at(0).data.contains("preauthorisationReference"));
    EXPECT_EQ(given_up.timeline.at(0).reason, "cancelled");
  }
}

TEST(Session, WhatBeganBeforeItsCancellationArrivedIsPaidFromTheHold) {
  const Session asked = stop_requested(authorised(), "driver", kNow).session;
  const Outcome began = transaction_started(asked, "7", {.meter_wh = 100, .at = kNow}, kNow + seconds(3));
  EXPECT_EQ(began.session.state, SessionState::kStopping);
  EXPECT_EQ(said(began), "ChargingSessionStarted,ChargingSessionStopRequested");
  EXPECT_EQ(began.emissions.at(0).data.at("late"), false);
  const Outcome ended =
      transaction_ended(began.session, {.meter_wh = 1'100, .at = kNow + seconds(9)}, 100, "unknown", kNow + seconds(9));
  EXPECT_EQ(said(ended), "ChargingSessionEnded");
  EXPECT_EQ(ended.emissions.at(0).data.at("reason"), "driver");
  EXPECT_FALSE(ended.session.failure);
  EXPECT_FALSE(ended.session.hold_gone);
  EXPECT_EQ(captured(ended.session, 500, 0, kNow + seconds(10)).session.state, SessionState::kCaptured);
}

TEST(Saga, EveryLiveStateHasADeadlineRowAndATerminalStateHasNone) {
  for (int i = 0; i <= static_cast<int>(SessionState::kReceivable); ++i) {
    const auto state = static_cast<SessionState>(i);
    EXPECT_EQ(find_row(state, Input::kDeadline) != nullptr, !terminal(state)) << name(state);
    EXPECT_EQ(state_from_name(name(state)), state);
  }
}

TEST(Saga, NoRowIsWrittenTwice) {
  const auto rows = table();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = i + 1; j < rows.size(); ++j) {
      EXPECT_FALSE(rows[i].state == rows[j].state && rows[i].input == rows[j].input)
          << name(rows[i].state) << " " << name(rows[i].input);
    }
  }
}

// Whatever happens in whatever order: the outcome is final, money is said once, and price = captured + receivable.
TEST(Saga, RandomFactsNeverBreakTheInvariants) {
  for (unsigned seed = 0; seed < 5'000; ++seed) {
    std::mt19937 random(seed);
    Session session = requested();
    int ended_said = 0;
    for (int i = 0; i < 25; ++i) {
      const WallTime now = kNow + seconds(i * 7);
      const bool was_terminal = terminal(session.state);
      const SessionState before = session.state;
      const std::int64_t version = session.version;
      const MeterReading reading{
          .meter_wh = static_cast<std::int64_t>(random() % 40'000), .power_w = 50'000, .at = now};
      Outcome outcome = [&] {
        switch (random() % 15) {
          case 0:
            return hold_outcome(session, Input::kHoldAuthorised, now);
          case 1:
            return hold_outcome(session, Input::kHoldDeclined, now);
          case 2:
            return hold_outcome(session, Input::kHoldUnknown, now);
          case 3:
            return start_refused(session, "stationRejected", now);
          case 4:
            return transaction_started(session, "1", reading, now);
          case 5:
          case 6:
            return energy_measured(session, reading, now);
          case 7:
            return stop_requested(session, "driver", now);
          case 8:
            return transaction_ended(session, reading, std::nullopt, "vehicle", now);
          case 9:
            return captured(session, std::min(session.cost_minor, session.hold_minor),
                            std::max<std::int64_t>(0, session.cost_minor - session.hold_minor), now);
          case 10:
            return released(session, Input::kReleased, now);
          case 11:
            return capture_failed(session, now);
          case 12:
            return released(session, Input::kHoldExpired, now);
          case 13:
            return hold_asked(session, static_cast<Input>(random() % (static_cast<unsigned>(Input::kDeadline) + 1)),
                              now);
          default:
            return deadline_passed(session, now);
        }
      }();
      for (const Emission& emission : outcome.emissions) ended_said += emission.type == "ChargingSessionEnded" ? 1 : 0;
      ASSERT_EQ(outcome.changed, outcome.session.version > version) << "seed " << seed;
      if (outcome.changed) session = std::move(outcome.session);  // as record() stores it
      ASSERT_LE(ended_said, 1) << "seed " << seed;
      if (was_terminal && session.state != before)
        ASSERT_EQ(session.state, SessionState::kLateStarted) << "seed " << seed;
      ASSERT_EQ(session.deadline_at.has_value(), !terminal(session.state))
          << "seed " << seed << " " << name(session.state);
      if (session.state == SessionState::kCaptured || session.state == SessionState::kReceivable) {
        ASSERT_EQ(*session.captured_minor + *session.receivable_minor, session.cost_minor) << "seed " << seed;
      } else if (terminal(session.state)) {
        ASSERT_EQ(session.cost_minor, 0) << "seed " << seed << " " << name(session.state);
      }
    }
  }
}

}  // namespace
}  // namespace evc::charging
