#include "services/integrations/ocpp/station_messages.hpp"

#include <chrono>

#include "kit/base/crash_point.hpp"
#include "services/integrations/domain/authorisation.hpp"
#include "services/integrations/domain/external_update.hpp"
#include "services/integrations/store/transaction_store.hpp"

namespace evc::integrations {
namespace {

// What is older than this when it arrives was waiting in the station's queue.
constexpr std::chrono::seconds kLateAfter{60};

Reported reported(const RequestContext& context, WallTime at) {
  return context.clock->wall() - at > kLateAfter ? Reported::kLater : Reported::kLive;
}

std::optional<TagHolder> holder_of(const Session& session, bool is_used) {
  if (!session) return std::nullopt;
  return TagHolder{.station_id = session->station_id, .is_closed = session->closed, .is_used = is_used};
}

std::optional<Uuid> id_of(const Session& session) {
  return session ? std::optional(session->session_id) : std::nullopt;
}

json::Object tag_info(std::string_view status) {
  return {{"idTagInfo", json::Object{{"status", status}}}};
}

json::Object start_as_json(const ocpp::StartTransaction& message) {
  return {{"connectorId", message.connector_id},
          {"idTag", message.id_tag},
          {"meterStart", message.meter_start_wh},
          {"timestamp", format_rfc3339(message.timestamp)}};
}

}  // namespace

Task<Result<void>> StationMessages::append(RequestContext& context, postgres::Transaction& transaction,
                                           std::string station_id, std::int64_t connector_id, json::Object data,
                                           const Session& session) {
  messaging::EventDraft draft{.topic = std::string(kTopic),
                              .key = station_id,
                              .subject = subject_of(station_id, connector_id),
                              .type = std::string(kEventType),
                              .data = std::move(data)};
  if (session) {
    draft.user_id = session->user_id;
    draft.correlation_id = session->correlation_id;
    draft.causation_id = session->event_id;
  }
  EVC_CO_CHECK(co_await outbox_->append(context, transaction, std::move(draft)));
  co_return Result<void>{};
}

Task<Result<store::StationRow>> StationMessages::connected(RequestContext& context, std::string station_id,
                                                           Uuid connection_id) {
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_TRY(station, co_await store::lock_station(context, transaction, station_id));
  if (!station) co_return fail(Code::kStationNotFound);
  EVC_CO_CHECK(co_await store::set_connected(context, transaction, station_id, connection_id));
  EVC_CO_CHECK(EVC_STEP("integrations.station.connected", co_await transaction.commit(context)));
  co_return std::move(*station);
}

Task<Result<void>> StationMessages::disconnected(RequestContext& context, std::string station_id, Uuid connection_id,
                                                 std::string reason) {
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_TRY(is_offline, co_await store::set_disconnected(context, transaction, station_id, connection_id));
  if (!is_offline) co_return Result<void>{};
  const auto now = context.clock->wall();
  EVC_CO_TRY(connectors, co_await store::set_connectors_offline(context, transaction, station_id, reason, now));
  for (const auto connector_id : connectors) {
    auto data = connector_status(station_id, connector_id, now, "Offline", reason, std::nullopt);
    EVC_CO_CHECK(co_await append(context, transaction, station_id, connector_id, std::move(data), std::nullopt));
  }
  EVC_CO_CHECK(EVC_STEP("integrations.station.lost", co_await transaction.commit(context)));
  co_return Result<void>{};
}

Task<Result<json::Object>> StationMessages::boot(RequestContext& context, std::string station_id,
                                                 ocpp::BootNotification message) {
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_TRY(station, co_await store::lock_station(context, transaction, station_id));
  if (!station) co_return fail(Code::kStationNotFound);
  EVC_CO_CHECK(co_await store::set_booted(context, transaction, station_id, message));
  if (!station->registered) EVC_CO_CHECK(co_await store::set_registered(context, transaction, station_id));
  const auto now = context.clock->wall();
  EVC_CO_CHECK(co_await append(context, transaction, station_id, 0,
                               station_registered(station_id, now, message, station->connectors), std::nullopt));
  EVC_CO_CHECK(EVC_STEP("integrations.station.boot", co_await transaction.commit(context)));
  co_return json::Object{
      {"status", "Accepted"}, {"currentTime", format_rfc3339(now)}, {"interval", heartbeat_interval_s_}};
}

Task<Result<json::Object>> StationMessages::heartbeat(RequestContext& context) {
  co_return json::Object{{"currentTime", format_rfc3339(context.clock->wall())}};
}

Task<Result<json::Object>> StationMessages::status(RequestContext& context, std::string station_id,
                                                   ocpp::StatusNotification message) {
  const auto connector_id = message.connector_id;
  const auto at = message.timestamp.value_or(context.clock->wall());
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_TRY(is_changed, co_await store::set_connector_status(context, transaction, station_id, message, at));
  if (is_changed) {
    auto data = connector_status(station_id, connector_id, at, message.status, message.error_code, std::nullopt);
    EVC_CO_CHECK(co_await append(context, transaction, station_id, connector_id, std::move(data), std::nullopt));
  }
  EVC_CO_CHECK(EVC_STEP("integrations.station.status", co_await transaction.commit(context)));
  co_return json::Object{};
}

Task<Result<json::Object>> StationMessages::authorize(RequestContext&, std::string station_id, Session session) {
  co_return tag_info(text_of(authorise(holder_of(session, false), station_id)));
}

Task<Result<json::Object>> StationMessages::start(RequestContext& context, std::string station_id,
                                                  ocpp::StartTransaction message, Session session) {
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  bool is_used = false;
  if (session) {
    EVC_CO_TRY(used, co_await store::session_is_used(context, transaction, session->session_id, station_id, message));
    is_used = used;
  }
  EVC_CO_TRY(busy_with, co_await store::open_transaction_at(context, transaction, station_id, message.connector_id));
  // A tag that belongs to another station is not this session's transaction, whoever presents it.
  const bool is_elsewhere = session && session->station_id != station_id;
  const Session owner = is_elsewhere ? Session{} : session;
  const std::string status(text_of(authorise(holder_of(session, is_used), station_id)));
  EVC_CO_TRY(row, co_await store::insert_start(context, transaction, station_id, message, id_of(owner), status));
  if (row.is_new) {
    const bool is_known = session.has_value();
    EVC_CO_CHECK(co_await open_start_cases(context, transaction, station_id, message, row.transaction_id, busy_with,
                                           is_known, is_elsewhere));
    const TransactionRef reference{.station_id = station_id,
                                   .connector_id = message.connector_id,
                                   .transaction_id = row.transaction_id,
                                   .session_id = id_of(owner)};
    auto data =
        transaction_started(reference, message.timestamp, message.meter_start_wh, reported(context, message.timestamp));
    EVC_CO_CHECK(co_await append(context, transaction, station_id, message.connector_id, std::move(data), owner));
  }
  EVC_CO_CHECK(EVC_STEP("integrations.station.start", co_await transaction.commit(context)));
  auto answer = tag_info(row.id_tag_status);
  answer["transactionId"] = row.transaction_id;
  co_return answer;
}

Task<Result<void>> StationMessages::open_start_cases(RequestContext& context, postgres::Transaction& transaction,
                                                     std::string station_id, ocpp::StartTransaction message,
                                                     std::int64_t transaction_id, std::optional<std::int64_t> busy_with,
                                                     bool is_known, bool is_elsewhere) {
  const auto text = json::serialize(start_as_json(message));
  if (!is_known)
    EVC_CO_CHECK(co_await store::open_case(context, transaction, station_id, transaction_id, "unknown-tag", text));
  if (is_elsewhere)
    EVC_CO_CHECK(co_await store::open_case(context, transaction, station_id, transaction_id, "wrong-place", text));
  if (busy_with)
    EVC_CO_CHECK(co_await store::open_case(context, transaction, station_id, *busy_with, "connector-busy", text));
  co_return Result<void>{};
}

// Most of them are only kept: one statement. With an event, or with something to reconcile, it is a transaction.
Task<Result<json::Object>> StationMessages::meter_values(RequestContext& context, std::string station_id,
                                                         ocpp::MeterValues message, Session session,
                                                         std::optional<ocpp::MeterReading> publish) {
  const auto id = message.transaction_id.value_or(0);
  store::MeterMessage kept{.station_id = station_id,
                           .connector_id = message.connector_id,
                           .transaction_id = id,
                           .values = message.values,
                           .latest = ocpp::latest_reading(message.values)};
  if (!publish) {
    EVC_CO_TRY(is_known, co_await store::insert_meter_values(context, *pool_, kept));
    if (is_known || !message.transaction_id) co_return json::Object{};
  }
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_TRY(is_known, co_await store::insert_meter_values(context, transaction, std::move(kept)));
  if (is_known && publish) {
    const TransactionRef reference{.station_id = station_id,
                                   .connector_id = message.connector_id,
                                   .transaction_id = id,
                                   .session_id = id_of(session)};
    EVC_CO_CHECK(co_await append(context, transaction, station_id, message.connector_id,
                                 integrations::meter_values(reference, *publish), session));
  }
  if (!is_known)
    EVC_CO_CHECK(co_await store::open_case(context, transaction, station_id, id, "unknown-transaction",
                                           json::serialize(message.values.front().raw)));
  EVC_CO_CHECK(EVC_STEP("integrations.station.meter", co_await transaction.commit(context)));
  co_return json::Object{};
}

Task<Result<void>> StationMessages::publish_reading(RequestContext& context, std::string station_id,
                                                    std::int64_t connector_id, std::int64_t transaction_id,
                                                    Session session, ocpp::MeterReading reading) {
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  const TransactionRef reference{.station_id = station_id,
                                 .connector_id = connector_id,
                                 .transaction_id = transaction_id,
                                 .session_id = id_of(session)};
  EVC_CO_CHECK(co_await append(context, transaction, station_id, connector_id,
                               integrations::meter_values(reference, reading), session));
  EVC_CO_CHECK(EVC_STEP("integrations.station.reading", co_await transaction.commit(context)));
  co_return Result<void>{};
}

Task<Result<json::Object>> StationMessages::stop(RequestContext& context, std::string station_id,
                                                 ocpp::StopTransaction message, Session session, std::string raw) {
  const auto id = message.transaction_id;
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_TRY(known, co_await store::find_transaction(context, transaction, station_id, id));
  if (!known) {
    EVC_CO_CHECK(co_await store::open_case(context, transaction, station_id, id, "unknown-transaction", raw));
    EVC_CO_CHECK(EVC_STEP("integrations.station.unknown_stop", co_await transaction.commit(context)));
    co_return json::Object{};
  }
  EVC_CO_TRY(outcome, co_await store::insert_stop(context, transaction, station_id, message));
  if (outcome == store::StopOutcome::kDiffers)
    EVC_CO_CHECK(co_await store::open_case(context, transaction, station_id, id, "stop-differs", raw));
  if (outcome == store::StopOutcome::kFirst) {
    if (!message.transaction_data.empty()) {
      store::MeterMessage kept{.station_id = station_id,
                               .connector_id = known->connector_id,
                               .transaction_id = id,
                               .values = message.transaction_data};
      EVC_CO_CHECK(co_await store::insert_meter_values(context, transaction, std::move(kept)));
    }
    if (message.meter_stop_wh < known->meter_start_wh)
      EVC_CO_CHECK(co_await store::open_case(context, transaction, station_id, id, "meter-backwards", raw));
    const auto last = ocpp::latest_reading(message.transaction_data);
    const TransactionRef reference{.station_id = station_id,
                                   .connector_id = known->connector_id,
                                   .transaction_id = id,
                                   .session_id = known->session_id};
    const TransactionEnd end{.at = message.timestamp,
                             .meter_start_wh = known->meter_start_wh,
                             .meter_wh = message.meter_stop_wh,
                             .soc = last ? last->soc : std::nullopt,
                             .reason = message.reason,
                             .reported = reported(context, message.timestamp)};
    EVC_CO_CHECK(co_await append(context, transaction, station_id, known->connector_id,
                                 transaction_ended(reference, end), session));
  }
  EVC_CO_CHECK(EVC_STEP("integrations.station.stop", co_await transaction.commit(context)));
  co_return message.id_tag ? tag_info("Accepted") : json::Object{};
}

}  // namespace evc::integrations
