#include "services/charging/domain/fact_reading.hpp"

namespace evc::charging {
namespace {

// Events were checked against their schema by the producer; what is missing all the same is a schema error and goes to
// the dead letters.
Result<std::string> text(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  if (value == nullptr || !value->is_string())
    return fail(Code::kSchemaInvalid, "data." + std::string(name) + " is missing");
  return std::string(value->get_string());
}
Result<std::int64_t> integer(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  if (value == nullptr || !value->is_int64())
    return fail(Code::kSchemaInvalid, "data." + std::string(name) + " is missing");
  return value->get_int64();
}
std::optional<std::int64_t> maybe_integer(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  return value != nullptr && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}
std::optional<double> maybe_number(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}
Result<WallTime> time(const json::Object& data, std::string_view name) {
  EVC_TRY(written, text(data, name));
  return parse_rfc3339(written);
}
Result<std::int64_t> amount(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  if (value == nullptr || !value->is_object())
    return fail(Code::kSchemaInvalid, "data." + std::string(name) + " is missing");
  return integer(value->get_object(), "amount");
}

Result<MeterReading> reading(const json::Object& data) {
  EVC_TRY(meter_wh, integer(data, "meterWh"));
  EVC_TRY(at, time(data, "timestamp"));
  return MeterReading{
      .meter_wh = meter_wh, .power_w = maybe_integer(data, "powerW"), .soc = maybe_number(data, "soc"), .at = at};
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
  EVC_TRY(command, text(data, "command"));
  EVC_TRY(result, text(data, "result"));
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
    EVC_TRY(held_minor, amount(data, "held"));
    answer = {.number = number, .input = Input::kIncrementAuthorised, .held_minor = held_minor};
  }
  return increment_answered(std::move(session), answer, now);
}

}  // namespace

Result<Outcome> payment_said(Session session, std::string_view event_type, const json::Object& data, WallTime now) {
  if (const auto number = maybe_integer(data, "increment"))
    return increment_said(std::move(session), event_type, *number, data, now);
  if (event_type == "PaymentAuthorized") return hold_outcome(std::move(session), Input::kHoldAuthorised, now);
  if (event_type == "PaymentDeclined") return hold_outcome(std::move(session), Input::kHoldDeclined, now);
  if (event_type == "PaymentCaptured") {
    EVC_TRY(captured_minor, amount(data, "captured"));
    EVC_TRY(receivable_minor, amount(data, "receivable"));
    return captured(std::move(session), captured_minor, receivable_minor, now);
  }
  if (event_type == "PaymentVoided") {
    EVC_TRY(reason, text(data, "reason"));
    return released(std::move(session), reason == "holdExpired" ? Input::kHoldExpired : Input::kReleased, now);
  }
  EVC_TRY(step, text(data, "step"));
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
  EVC_TRY(transaction_id, text(data, "transactionId"));
  if (kind == "transactionStarted") return transaction_started(std::move(session), transaction_id, measured, now);
  EVC_TRY(reason, text(data, "reason"));
  return transaction_ended(std::move(session), measured, maybe_integer(data, "meterStartWh"), end_reason(reason), now);
}

}  // namespace evc::charging
