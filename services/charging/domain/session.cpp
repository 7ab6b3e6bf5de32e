#include "services/charging/domain/session.hpp"

#include <algorithm>

#include "services/charging/domain/emissions.hpp"

namespace evc::charging {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kDefaultLimitWh = 60'000;
constexpr seconds kStartWindow{30};
constexpr seconds kAskAgain{2};  // for an increment of which nobody knows
// A running charge is asked to end a little before its limit, because the station needs a moment to stop.
constexpr std::int64_t kStopLeadSeconds = 3;

std::optional<WallTime> deadline_of(SessionState state, WallTime now) {
  switch (state) {
    case SessionState::kRequested:
      return now + seconds(20);  // longer than the request's own time
    case SessionState::kPreauthUnknown:
      return now + seconds(5);
    case SessionState::kAuthorised:
    case SessionState::kCancelling:
      return now + kStartWindow + seconds(15);  // integrations reports its own time-out first
    case SessionState::kStarted:
    case SessionState::kCharging:
      return now + minutes(15);  // without a word from the station
    case SessionState::kLateStarted:
    case SessionState::kStopping:
      return now + seconds(45);
    case SessionState::kEnded:
    case SessionState::kVoiding:
      return now + seconds(30);
    case SessionState::kCapturing:
      return now + minutes(5);
    default:
      return std::nullopt;
  }
}

void say(Outcome& outcome, Say what, WallTime now) {
  Session& session = outcome.session;
  switch (what) {
    case Say::kNothing:
      return;
    case Say::kAuthorized:
      outcome.emissions.push_back(emit_authorized(session, start_by(session)));
      return;
    case Say::kFailed:
      outcome.emissions.push_back(emit_failed(session, HoldReference::kOmit));
      return;
    case Say::kFailedWithHold:
      outcome.emissions.push_back(emit_failed(session, HoldReference::kInclude));
      return;
    case Say::kStarted:
      outcome.emissions.push_back(emit_started(session));
      return;
    case Say::kStartedToStop:
      if (!session.stop_reason) session.stop_reason = "lateStart";
      outcome.emissions.push_back(emit_started(session));
      outcome.emissions.push_back(emit_stop_requested(session, now));
      return;
    case Say::kUpdated:
      outcome.emissions.push_back(emit_updated(session, now));
      return;
    case Say::kStopRequested:
      outcome.emissions.push_back(emit_stop_requested(session, now));
      return;
    case Say::kEnded:
      outcome.emissions.push_back(emit_ended(session));
      return;
  }
}

bool before_the_charge(SessionState state) {
  return state == SessionState::kRequested || state == SessionState::kPreauthUnknown ||
         state == SessionState::kAuthorised || state == SessionState::kCancelling;
}

bool pushes_deadline(Input input, bool moved) {
  return moved || input == Input::kEnergyMeasured || input == Input::kDeadline;
}

// One step of the table. `prepare` has already put the fact's values into outcome.session.
void step(Outcome& outcome, Input input, WallTime now, std::optional<std::string> reason = std::nullopt) {
  Session& session = outcome.session;
  const Row* row = find_row(session.state, input);
  if (row == nullptr) {
    const bool contradiction = !terminal(session.state) || late(session.state, input) == Late::kContradiction;
    if (contradiction)
      outcome.contradiction = {CaseKind::kUnexpectedFact,
                               std::string(name(input)) + " in state " + std::string(name(session.state))};
    return;
  }
  const bool moved = row->next != session.state;
  session.state = row->next;
  session.updated_at = now;
  if (pushes_deadline(input, moved)) session.deadline_at = deadline_of(session.state, now);
  ++session.version;
  outcome.changed = true;
  if (moved) outcome.timeline.push_back({session.state, now, std::move(reason)});
  say(outcome, row->say, now);
}

Outcome begin(Session session) {
  return Outcome{.session = std::move(session)};
}

void take_reading(Session& session, const MeterReading& reading) {
  // A register that runs backwards is a fault of the meter: energy never shrinks.
  const std::int64_t energy_wh = std::max(session.energy_wh, reading.meter_wh - session.meter_start_wh);
  session.last_step_wh = energy_wh - session.energy_wh;
  session.energy_wh = energy_wh;
  session.power_w = reading.power_w;
  if (reading.soc) session.soc = reading.soc;
  session.cost_minor = price_of(session, session.energy_wh);
}

// Why a running charge should end now, if it should.
std::optional<std::string> limit_reached(const Session& session) {
  if (session.energy_wh + stop_lead_wh(session) >= session.energy_limit_wh) return "energyLimit";
  if (session.target_soc && session.soc && *session.soc >= *session.target_soc) return "targetSoc";
  return hold_limit_reached(session);
}

void begin_transaction(Session& session, std::string transaction_id, const MeterReading& reading, WallTime now) {
  session.transaction_id = std::move(transaction_id);
  session.meter_start_wh = reading.meter_wh;
  session.soc = reading.soc;
  // A station whose clock is far off would make absurd bills of time: then the time of arrival counts.
  const bool absurd = reading.at > now + minutes(5) || reading.at < session.created_at - hours(1);
  session.started_at = absurd ? now : reading.at;
}

}  // namespace

WallTime start_by(const Session& session) {
  return session.updated_at + kStartWindow;
}

std::int64_t price_of(const Session& session, std::int64_t energy_wh) {
  if (energy_wh <= 0) return 0;  // nothing delivered, nothing owed: not even the start fee
  const auto breakdown = tariff::cost(session.tariff, energy_wh, 0);
  return breakdown ? breakdown->total_minor : 0;
}

std::int64_t stop_lead_wh(const Session& session) {
  return session.power_w.value_or(0) * kStopLeadSeconds / 3600;
}

Result<Outcome> request_session(const StartOrder& order, const StationFacts& station, Uuid id, Origin origin,
                                WallTime now, const HoldRules& rules) {
  Session session{.id = id,
                  .puid = order.puid,
                  .correlation_id = uuid_v7(),
                  .trace_id = std::move(origin.trace_id),
                  .span_id = std::move(origin.span_id),
                  .station_id = station.id,
                  .station_name = station.name,
                  .connector_id = station.connector_id,
                  .connector_type = station.connector_type,
                  .connector_max_power_w = station.connector_max_power_w,
                  .vehicle_id = order.vehicle_id,
                  .target_soc = order.target_soc,
                  .energy_limit_wh = order.energy_limit_wh.value_or(kDefaultLimitWh),
                  .tariff = station.tariff,
                  .increment_percent = rules.increment_percent,
                  .reference = "pa-" + to_string(id),
                  .created_at = now,
                  .updated_at = now,
                  .deadline_at = deadline_of(SessionState::kRequested, now)};
  EVC_TRY(hold, tariff::cost(session.tariff, std::min(session.energy_limit_wh, rules.hold_wh), 0));
  EVC_TRY(agreed, tariff::cost(session.tariff, session.energy_limit_wh, 0));
  EVC_TRY(increment, tariff::cost(session.tariff, rules.increment_wh, 0));
  session.hold_minor = hold.total_minor;
  session.hold_limit_minor = agreed.total_minor;
  session.increment_minor = std::max<std::int64_t>(1, increment.energy_minor);
  Outcome outcome = begin(std::move(session));
  outcome.changed = true;
  outcome.timeline.push_back({SessionState::kRequested, now, std::nullopt});
  outcome.emissions.push_back(emit_requested(outcome.session));
  return outcome;
}

Outcome hold_outcome(Session session, Input input, WallTime now) {
  Outcome outcome = begin(std::move(session));
  Session& changed = outcome.session;
  if (!changed.failure && input == Input::kHoldDeclined) changed.failure = "paymentDeclined";
  if (!changed.failure && input == Input::kHoldFailed) changed.failure = "paymentFailed";
  const bool too_late = input == Input::kHoldAuthorised && changed.state == SessionState::kPreauthUnknown;
  if (!changed.failure && too_late) changed.failure = "paymentUnknown";
  changed.updated_at = now;
  step(outcome, input, now, changed.failure);
  return outcome;
}

Outcome start_refused(Session session, std::string reason, WallTime now) {
  Outcome outcome = begin(std::move(session));
  if (outcome.session.state == SessionState::kAuthorised) outcome.session.failure = reason;
  if (outcome.session.state == SessionState::kCancelling) reason = *outcome.session.failure;
  step(outcome, Input::kStartRefused, now, std::move(reason));
  return outcome;
}

Outcome transaction_started(Session session, std::string transaction_id, const MeterReading& reading, WallTime now) {
  Outcome outcome = begin(std::move(session));
  if (outcome.session.transaction_id && *outcome.session.transaction_id != transaction_id) {
    outcome.contradiction = {
        CaseKind::kSecondTransaction,
        "a second transaction " + transaction_id + " for a session that has " + *outcome.session.transaction_id};
    return outcome;
  }
  if (outcome.session.ended_at) return outcome;  // the station repeats a start whose end is billed already
  if (!outcome.session.transaction_id) begin_transaction(outcome.session, std::move(transaction_id), reading, now);
  const bool was_let_go = outcome.session.state == SessionState::kVoided ||
                          outcome.session.state == SessionState::kExpired ||
                          outcome.session.state == SessionState::kFailed;
  outcome.session.hold_gone = outcome.session.hold_gone || was_let_go;
  if (outcome.session.state == SessionState::kCancelling) outcome.session.failure.reset();  // it is a charge after all
  step(outcome, Input::kTransactionStarted, now);
  return outcome;
}

Outcome energy_measured(Session session, const MeterReading& reading, WallTime now) {
  Outcome outcome = begin(std::move(session));
  const bool running =
      outcome.session.state == SessionState::kStarted || outcome.session.state == SessionState::kCharging ||
      outcome.session.state == SessionState::kStopping || outcome.session.state == SessionState::kLateStarted;
  if (running) take_reading(outcome.session, reading);
  step(outcome, Input::kEnergyMeasured, now);
  if (outcome.session.state != SessionState::kCharging) return outcome;
  if (auto reason = limit_reached(outcome.session)) {
    outcome.session.stop_reason = *reason;
    step(outcome, Input::kStopRequested, now, *reason);
  }
  want_increment(outcome.session, now);
  return outcome;
}

Outcome increment_answered(Session session, const IncrementAnswer& answer, WallTime now) {
  Outcome outcome = begin(std::move(session));
  Session& changed = outcome.session;
  const bool open =
      changed.increment.state == IncrementState::kWanted || changed.increment.state == IncrementState::kUnknown;
  if (answer.number != changed.increment.number || !open) return outcome;  // it was said before
  if (answer.input == Input::kIncrementAuthorised) {
    const std::int64_t grown = changed.hold_minor + changed.increment.amount_minor;
    if (answer.held_minor != grown) {
      outcome.contradiction = {CaseKind::kIncrementDiffers, "payment holds another amount than the increment makes it"};
      return outcome;
    }
    changed.hold_minor = grown;
    changed.increment.state = IncrementState::kAuthorised;
    changed.increment.due_at.reset();
  } else if (answer.input == Input::kIncrementRefused) {
    changed.increment.state = IncrementState::kRefused;
    changed.increment.due_at.reset();
  } else {
    if (changed.increment.state == IncrementState::kUnknown) return outcome;
    changed.increment.state = IncrementState::kUnknown;
    changed.increment.due_at = now + kAskAgain;
  }
  step(outcome, answer.input, now);
  return outcome;
}

Outcome stop_requested(Session session, std::string reason, WallTime now) {
  Outcome outcome = begin(std::move(session));
  if (outcome.session.state == SessionState::kAuthorised) outcome.session.failure = "cancelled";
  if (!outcome.session.stop_reason) outcome.session.stop_reason = reason;
  step(outcome, Input::kStopRequested, now, std::move(reason));
  return outcome;
}

Outcome transaction_ended(Session session, const MeterReading& reading, std::optional<std::int64_t> meter_start_wh,
                          std::string reason, WallTime now) {
  Outcome outcome = begin(std::move(session));
  Session& changed = outcome.session;
  const bool running = changed.transaction_id && !changed.ended_at;
  if (running) {
    if (meter_start_wh) changed.meter_start_wh = *meter_start_wh;
    take_reading(changed, reading);
    changed.power_w.reset();
    changed.ended_at = std::clamp(reading.at, *changed.started_at, std::max(*changed.started_at, now));
    if (!changed.stop_reason) changed.stop_reason = reason;
  }
  step(outcome, Input::kTransactionEnded, now, changed.stop_reason);
  // Nothing was delivered and nothing is held any more: no word from payment will follow.
  if (running && changed.hold_gone && changed.cost_minor == 0 && changed.state == SessionState::kEnded)
    step(outcome, Input::kReleased, now);
  return outcome;
}

Outcome capture_unknown(Session session, WallTime now) {
  Outcome outcome = begin(std::move(session));
  step(outcome, Input::kCaptureUnknown, now);
  return outcome;
}

Outcome captured(Session session, std::int64_t captured_minor, std::int64_t receivable_minor, WallTime now) {
  Outcome outcome = begin(std::move(session));
  const bool awaited =
      outcome.session.state == SessionState::kEnded || outcome.session.state == SessionState::kCapturing;
  if (awaited && captured_minor + receivable_minor != outcome.session.cost_minor) {
    outcome.contradiction = {CaseKind::kAmountsDiffer, "captured and receivable do not add up to the price"};
    return outcome;
  }
  if (awaited) {
    outcome.session.captured_minor = captured_minor;
    outcome.session.receivable_minor = receivable_minor;
  }
  step(outcome, receivable_minor > 0 ? Input::kCapturedPartly : Input::kCaptured, now);
  return outcome;
}

Outcome capture_failed(Session session, WallTime now) {
  Outcome outcome = begin(std::move(session));
  const bool awaited =
      outcome.session.state == SessionState::kEnded || outcome.session.state == SessionState::kCapturing;
  if (awaited) {
    outcome.session.captured_minor = 0;
    outcome.session.receivable_minor = outcome.session.cost_minor;
  }
  step(outcome, Input::kCaptureFailed, now, "captureFailed");
  return outcome;
}

Outcome released(Session session, Input input, WallTime now) {
  Outcome outcome = begin(std::move(session));
  outcome.session.hold_gone = true;
  if (input == Input::kHoldExpired && before_the_charge(outcome.session.state)) outcome.session.failure = "expired";
  if (input == Input::kHoldExpired && !outcome.session.stop_reason) outcome.session.stop_reason = "holdExhausted";
  const bool billed = outcome.session.cost_minor > 0 && (outcome.session.state == SessionState::kEnded ||
                                                         outcome.session.state == SessionState::kCapturing);
  step(outcome, billed ? Input::kHoldGone : input, now);
  return outcome;
}

Outcome hold_asked(Session session, Input answer, WallTime now) {
  if (session.state != SessionState::kVoiding) return deadline_passed(std::move(session), now);
  switch (answer) {
    case Input::kReleased:
    case Input::kHoldExpired:
      return released(std::move(session), answer, now);
    case Input::kHoldDeclined:
    case Input::kHoldFailed:
    case Input::kNeverHeld:
      return hold_outcome(std::move(session), answer, now);
    default:
      return deadline_passed(std::move(session), now);
  }
}

Outcome deadline_passed(Session session, WallTime now) {
  Outcome outcome = begin(std::move(session));
  Session& changed = outcome.session;
  const SessionState before = changed.state;
  if (!changed.failure && before == SessionState::kAuthorised) changed.failure = "stationTimeout";
  if (!changed.failure && (before == SessionState::kRequested || before == SessionState::kPreauthUnknown))
    changed.failure = "paymentUnknown";
  step(outcome, Input::kDeadline, now, changed.failure);
  return outcome;
}

}  // namespace evc::charging
