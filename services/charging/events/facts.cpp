#include "services/charging/events/facts.hpp"

#include "kit/telemetry/log.hpp"
#include "services/charging/process/record.hpp"
#include "services/charging/store/sessions.hpp"
#include "services/charging/store/stations.hpp"

namespace evc::charging {
namespace {

// A station that nobody has described is priced like an ordinary one until an operator says otherwise.
constexpr tariff::Tariff kDefaultTariff{.currency = Currency::brl(),
                                        .per_kwh_minor = 219,
                                        .start_fee_minor = 0,
                                        .idle_per_minute_minor = 0,
                                        .grace_minutes = 0};
constexpr std::int64_t kDefaultPowerW = 22'000;

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

Result<Outcome> payment_outcome(Session session, const messaging::Event& event, WallTime now) {
  const json::Object& data = event.data;
  if (event.event_type == "PaymentAuthorized") return hold_outcome(std::move(session), Input::kHoldAuthorised, now);
  if (event.event_type == "PaymentDeclined") return hold_outcome(std::move(session), Input::kHoldDeclined, now);
  if (event.event_type == "PaymentCaptured") {
    EVC_TRY(captured_minor, amount(data, "captured"));
    EVC_TRY(receivable_minor, amount(data, "receivable"));
    return captured(std::move(session), captured_minor, receivable_minor, now);
  }
  if (event.event_type == "PaymentVoided") {
    EVC_TRY(reason, text(data, "reason"));
    return released(std::move(session), reason == "holdExpired" ? Input::kHoldExpired : Input::kReleased, now);
  }
  EVC_TRY(step, text(data, "step"));
  if (event.event_type == "PaymentUnknown") {
    if (step == "capture") return capture_unknown(std::move(session), now);
    if (step == "authorise") return hold_outcome(std::move(session), Input::kHoldUnknown, now);
    return Outcome{.session = std::move(session)};  // a void that is being found out: its end will be said
  }
  if (step == "authorise") return hold_outcome(std::move(session), Input::kHoldFailed, now);
  if (step == "capture") return capture_failed(std::move(session), now);
  Outcome outcome{.session = std::move(session)};
  outcome.contradiction = "payment could not " + step;
  return outcome;
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

Result<Outcome> external_outcome(Session session, const std::string& kind, const json::Object& data, WallTime now) {
  if (kind == "commandResult") return command_outcome(std::move(session), data, now);
  EVC_TRY(measured, reading(data));
  if (kind == "meterValues") return energy_measured(std::move(session), measured, now);
  EVC_TRY(transaction_id, text(data, "transactionId"));
  if (kind == "transactionStarted") return transaction_started(std::move(session), transaction_id, measured, now);
  EVC_TRY(reason, text(data, "reason"));
  return transaction_ended(std::move(session), measured, maybe_integer(data, "meterStartWh"), end_reason(reason), now);
}

}  // namespace

std::map<std::string, messaging::EventHandler> Facts::handlers() {
  const messaging::EventHandler payment = [this](RequestContext& context, postgres::Transaction& transaction,
                                                 const messaging::Event& event) {
    return on_payment(context, transaction, event);
  };
  const messaging::EventHandler external = [this](RequestContext& context, postgres::Transaction& transaction,
                                                  const messaging::Event& event) {
    return on_external(context, transaction, event);
  };
  return {{"PaymentAuthorized", payment}, {"PaymentDeclined", payment}, {"PaymentFailed", payment},
          {"PaymentUnknown", payment},    {"PaymentCaptured", payment}, {"PaymentVoided", payment},
          {"ExternalUpdate", external}};
}

Task<Result<void>> Facts::on_payment(RequestContext& context, postgres::Transaction& transaction,
                                     const messaging::Event& event) {
  EVC_CO_TRY(id_text, text(event.data, "sessionId"));
  EVC_CO_TRY(id, parse_uuid(id_text));
  EVC_CO_TRY(session, co_await lock_session(context, transaction, id));
  if (!session) co_return fail(Code::kConstraintViolation, "payment speaks of a session that charging never had");
  EVC_CO_TRY(outcome, payment_outcome(std::move(*session), event, context.clock->wall()));
  EVC_CO_CHECK(co_await record(context, transaction, outbox_, std::move(outcome), event.event_id));
  nudges_.wake(id_text);
  co_return Result<void>{};
}

Task<Result<void>> Facts::on_external(RequestContext& context, postgres::Transaction& transaction,
                                      const messaging::Event& event) {
  EVC_CO_TRY(kind, text(event.data, "kind"));
  if (kind == "stationRegistered" || kind == "connectorStatus")
    co_return co_await on_station(context, transaction, event);
  const auto* session_id = event.data.if_contains("sessionId");
  if (session_id == nullptr) {
    // Nobody here asked for it: integrations keeps it as an orphan and a person settles it there.
    EVC_LOG(kWarn, context.trace, "A station reports something outside of any session",
            {{telemetry::key::kStationId, event.key}, {telemetry::key::kReason, kind}});
    co_return Result<void>{};
  }
  EVC_CO_TRY(id_text, text(event.data, "sessionId"));
  EVC_CO_TRY(id, parse_uuid(id_text));
  co_return co_await on_session(context, transaction, event, id);
}

Task<Result<void>> Facts::on_session(RequestContext& context, postgres::Transaction& transaction,
                                     const messaging::Event& event, Uuid session_id) {
  EVC_CO_TRY(kind, text(event.data, "kind"));
  EVC_CO_TRY(session, co_await lock_session(context, transaction, session_id));
  if (!session) co_return fail(Code::kConstraintViolation, "a station speaks of a session that charging never had");
  EVC_CO_TRY(outcome, external_outcome(std::move(*session), kind, event.data, context.clock->wall()));
  EVC_CO_CHECK(co_await record(context, transaction, outbox_, std::move(outcome), event.event_id));
  nudges_.wake(to_string(session_id));
  co_return Result<void>{};
}

Task<Result<void>> Facts::on_station(RequestContext& context, postgres::Transaction& transaction,
                                     const messaging::Event& event) {
  EVC_CO_TRY(kind, text(event.data, "kind"));
  EVC_CO_TRY(station_id, text(event.data, "stationId"));
  EVC_CO_TRY(at, time(event.data, "timestamp"));
  if (kind == "connectorStatus") {
    EVC_CO_TRY(connector_id, integer(event.data, "connectorId"));
    EVC_CO_TRY(status, text(event.data, "status"));
    EVC_CO_CHECK(co_await apply_connector_status(
        context, transaction, {.station_id = station_id, .connector_id = connector_id, .status = status, .at = at}));
    nudges_.wake(kStationsNudge);
    co_return Result<void>{};
  }
  Station station{.id = station_id, .name = station_id, .tariff = kDefaultTariff};
  if (const auto* connectors = event.data.if_contains("connectors"); connectors != nullptr && connectors->is_array()) {
    for (const auto& entry : connectors->get_array()) {
      EVC_CO_TRY(connector_id, integer(entry.as_object(), "connectorId"));
      station.connectors.push_back(
          {.id = connector_id,
           .type = text(entry.as_object(), "type").value_or("other"),
           .max_power_w = maybe_integer(entry.as_object(), "maxPowerW").value_or(kDefaultPowerW)});
    }
  }
  EVC_CO_CHECK(co_await register_station(context, transaction, std::move(station), at));
  nudges_.wake(kStationsNudge);
  co_return Result<void>{};
}

}  // namespace evc::charging
