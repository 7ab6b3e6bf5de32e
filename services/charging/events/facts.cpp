#include "services/charging/events/facts.hpp"

#include "kit/telemetry/log.hpp"
#include "services/charging/domain/event_members.hpp"
#include "services/charging/domain/fact_reading.hpp"
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
  EVC_CO_TRY(id_text, text_member(event.data, "sessionId"));
  EVC_CO_TRY(id, parse_uuid(id_text));
  EVC_CO_TRY(session, co_await lock_session(context, transaction, id));
  if (!session) co_return fail(Code::kConstraintViolation, "payment speaks of a session that charging never had");
  EVC_CO_TRY(outcome, payment_said(std::move(*session), event.event_type, event.data, context.clock->wall()));
  EVC_CO_CHECK(co_await record(context, transaction, outbox_, std::move(outcome), event.event_id));
  nudges_.wake(id_text);
  co_return Result<void>{};
}

Task<Result<void>> Facts::on_external(RequestContext& context, postgres::Transaction& transaction,
                                      const messaging::Event& event) {
  EVC_CO_TRY(kind, text_member(event.data, "kind"));
  if (kind == "stationRegistered" || kind == "connectorStatus")
    co_return co_await on_station(context, transaction, event);
  const auto* session_id = event.data.if_contains("sessionId");
  if (session_id == nullptr) {
    // Nobody here asked for it: integrations keeps it as an orphan and a person settles it there.
    EVC_LOG(kWarn, context.trace, "A station reports something outside of any session",
            {{telemetry::key::kStationId, event.key}, {telemetry::key::kReason, kind}});
    co_return Result<void>{};
  }
  EVC_CO_TRY(id_text, text_member(event.data, "sessionId"));
  EVC_CO_TRY(id, parse_uuid(id_text));
  co_return co_await on_session(context, transaction, event, id);
}

Task<Result<void>> Facts::on_session(RequestContext& context, postgres::Transaction& transaction,
                                     const messaging::Event& event, Uuid session_id) {
  EVC_CO_TRY(kind, text_member(event.data, "kind"));
  EVC_CO_TRY(session, co_await lock_session(context, transaction, session_id));
  if (!session) co_return fail(Code::kConstraintViolation, "a station speaks of a session that charging never had");
  EVC_CO_TRY(outcome, station_said(std::move(*session), kind, event.data, context.clock->wall()));
  EVC_CO_CHECK(co_await record(context, transaction, outbox_, std::move(outcome), event.event_id));
  nudges_.wake(to_string(session_id));
  co_return Result<void>{};
}

Task<Result<void>> Facts::on_station(RequestContext& context, postgres::Transaction& transaction,
                                     const messaging::Event& event) {
  EVC_CO_TRY(kind, text_member(event.data, "kind"));
  EVC_CO_TRY(station_id, text_member(event.data, "stationId"));
  EVC_CO_TRY(at, time_member(event.data, "timestamp"));
  if (kind == "connectorStatus") {
    EVC_CO_TRY(connector_id, integer_member(event.data, "connectorId"));
    EVC_CO_TRY(status, text_member(event.data, "status"));
    EVC_CO_CHECK(co_await apply_connector_status(
        context, transaction, {.station_id = station_id, .connector_id = connector_id, .status = status, .at = at}));
    nudges_.wake(kStationsNudge);
    co_return Result<void>{};
  }
  Station station{.id = station_id, .name = station_id, .tariff = kDefaultTariff};
  if (const auto* connectors = event.data.if_contains("connectors"); connectors != nullptr && connectors->is_array()) {
    for (const auto& entry : connectors->get_array()) {
      const auto* connector = entry.if_object();
      if (connector == nullptr) co_return fail(Code::kSchemaInvalid, "data.connectors holds what is no connector");
      EVC_CO_TRY(connector_id, integer_member(*connector, "connectorId"));
      station.connectors.push_back({.id = connector_id,
                                    .type = text_member(*connector, "type").value_or("other"),
                                    .max_power_w = integer_if_any(*connector, "maxPowerW").value_or(kDefaultPowerW)});
    }
  }
  EVC_CO_CHECK(co_await register_station(context, transaction, std::move(station), at));
  nudges_.wake(kStationsNudge);
  co_return Result<void>{};
}

}  // namespace evc::charging
