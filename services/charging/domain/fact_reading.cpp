#include "services/charging/domain/fact_reading.hpp"

#include "services/charging/domain/event_members.hpp"

namespace evc::charging {
namespace {

Result<MeterReading> reading(const json::Object& data) {
  EVC_TRY(meter_wh, integer_member(data, "meterWh"));
  EVC_TRY(at, time_member(data, "timestamp"));
  return MeterReading{
      .meter_wh = meter_wh, .power_w = integer_if_any(data, "powerW"), .soc = number_if_any(data, "soc"), .at = at};
}

// Why a station ended a transaction by itself, in the words of ChargingSessionEnded.
std::string end_reason(std::string_view reason) {
  if (reason == "local") return "driver";
  if (reason == "vehicle") return "vehicle";
  if (reason == "unplugged" || reason == "unlock") return "unplugged";
  if (reason == "deauthorised") return "authorisationLost";
  if (reason == "powerLost") return "powerLost";
  if (reason == "emergency" || reason == "reboot" || reason == "reset") return "station";
  return "unknown";
}

Result<Outcome> command_outcome(Session session, const json::Object& data, WallTime now) {
  EVC_TRY(command, text_member(data, "command"));
  EVC_TRY(result, text_member(data, "result"));
  if (command != "remoteStart" || result == "accepted") return Outcome{.session = std::move(session)};
  const std::string reason = result == "offline"                            ? "stationOffline"
                             : (result == "timeout" || result == "expired") ? "stationTimeout"
                                                                            : "stationRejected";
  return start_refused(std::move(session), reason, now);
}

Result<Outcome> increment_said(Session session, std::string_view event_type, std::int64_t number,
                               const json::Object& data, WallTime now) {
  IncrementAnswer answer{.number = number, .input = Input::kIncrementRefused};
  if (event_type == "PaymentUnknown") answer.input = Input::kIncrementUnknown;
  if (event_type == "PaymentAuthorized") {
    EVC_TRY(held_minor, amount_member(data, "held"));
    answer = {.number = number, .input = Input::kIncrementAuthorised, .held_minor = held_minor};
  }
  return increment_answered(std::move(session), answer, now);
}

}  // namespace

Result<Outcome> payment_said(Session session, std::string_view event_type, const json::Object& data, WallTime now) {
  if (const auto number = integer_if_any(data, "increment"))
    return increment_said(std::move(session), event_type, *number, data, now);
  if (event_type == "PaymentAuthorized") return hold_outcome(std::move(session), Input::kHoldAuthorised, now);
  if (event_type == "PaymentDeclined") return hold_outcome(std::move(session), Input::kHoldDeclined, now);
  if (event_type == "PaymentCaptured") {
    EVC_TRY(captured_minor, amount_member(data, "captured"));
    EVC_TRY(receivable_minor, amount_member(data, "receivable"));
    return captured(std::move(session), captured_minor, receivable_minor, now);
  }
  if (event_type == "PaymentVoided") {
    EVC_TRY(reason, text_member(data, "reason"));
    return released(std::move(session), reason == "holdExpired" ? Input::kHoldExpired : Input::kReleased, now);
  }
  EVC_TRY(step, text_member(data, "step"));
  if (event_type == "PaymentUnknown") {
    if (step == "capture") return capture_unknown(std::move(session), now);
    if (step == "authorise") return hold_outcome(std::move(session), Input::kHoldUnknown, now);
    return Outcome{.session = std::move(session)};  // a void that is being found out: its end will be said
  }
  if (step == "authorise") return hold_outcome(std::move(session), Input::kHoldFailed, now);
  if (step == "capture") return capture_failed(std::move(session), now);
  Outcome outcome{.session = std::move(session)};
  outcome.contradiction = {CaseKind::kStepFailed, "payment could not " + step};
  return outcome;
}

Result<Outcome> station_said(Session session, std::string_view kind, const json::Object& data, WallTime now) {
  if (kind == "commandResult") return command_outcome(std::move(session), data, now);
  EVC_TRY(measured, reading(data));
  if (kind == "meterValues") return energy_measured(std::move(session), measured, now);
  EVC_TRY(transaction_id, text_member(data, "transactionId"));
  if (kind == "transactionStarted") return transaction_started(std::move(session), transaction_id, measured, now);
  EVC_TRY(reason, text_member(data, "reason"));
  return transaction_ended(std::move(session), measured, integer_if_any(data, "meterStartWh"), end_reason(reason), now);
}

}  // namespace evc::charging
