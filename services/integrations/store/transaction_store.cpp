#include "services/integrations/store/transaction_store.hpp"

#include "kit/base/bytes.hpp"

namespace evc::integrations::store {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kStart{"integrations.transaction.start", R"(
  INSERT INTO ocpp_transaction AS t (station_id, connector_id, id_tag, started_at, meter_start_wh, reservation_id, session_id, id_tag_status)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT ON CONSTRAINT ocpp_transaction_replay_key DO UPDATE SET received = t.received + 1
  RETURNING transaction_id, received = 1, id_tag_status)"};
constexpr Statement kSessionIsUsed{"integrations.transaction.session-is-used", R"(
  SELECT 1 FROM ocpp_transaction
   WHERE session_id = $1 AND (station_id, connector_id, id_tag, started_at, meter_start_wh) IS DISTINCT FROM ($2, $3, $4, $5, $6) LIMIT 1)"};
constexpr Statement kOpenAt{"integrations.transaction.open-at", R"(
  SELECT t.transaction_id FROM ocpp_transaction t LEFT JOIN ocpp_transaction_stop s USING (station_id, transaction_id)
   WHERE t.station_id = $1 AND t.connector_id = $2 AND s.transaction_id IS NULL ORDER BY t.transaction_id DESC LIMIT 1)"};
constexpr Statement kFind{"integrations.transaction.find", R"(
  SELECT transaction_id, connector_id, meter_start_wh, meter_wh, session_id FROM ocpp_transaction WHERE transaction_id = $2 AND station_id = $1)"};
constexpr Statement kForgotten{"integrations.transaction.forgotten", R"(
  SELECT t.connector_id, t.meter_start_wh, coalesce(t.meter_wh, t.meter_start_wh), coalesce(t.metered_at, t.started_at), t.session_id
    FROM ocpp_transaction t JOIN station USING (station_id) JOIN connector c USING (station_id, connector_id)
   WHERE t.station_id = $1 AND t.transaction_id = $2 AND c.status = 'Available'
     AND station.booted_at > t.received_at AND station.booted_at <= now() - $3::bigint * interval '1 millisecond')"};
constexpr Statement kStop{"integrations.transaction.stop", R"(
  INSERT INTO ocpp_transaction_stop (station_id, transaction_id, meter_stop_wh, stopped_at, reason, id_tag)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT ocpp_transaction_stop_replay_key DO NOTHING)"};
constexpr Statement kSameStop{"integrations.transaction.same-stop", R"(
  SELECT 1 FROM ocpp_transaction_stop WHERE station_id = $1 AND transaction_id = $2 AND meter_stop_wh = $3 AND stopped_at = $4)"};
constexpr Statement kMeterValues{"integrations.meter.insert", R"(
  WITH message AS (
    INSERT INTO meter_value (station_id, connector_id, transaction_id, sampled_at, digest, sampled)
    SELECT $1, $2, $3, v.at, decode(v.digest, 'hex'), v.sampled FROM jsonb_to_recordset($4::jsonb) AS v(at timestamptz, digest text, sampled text)
    ON CONFLICT DO NOTHING),
  reading AS (
    UPDATE ocpp_transaction SET meter_wh = $5, metered_at = $6
     WHERE transaction_id = $3 AND station_id = $1 AND $5::bigint IS NOT NULL AND (metered_at IS NULL OR metered_at <= $6))
  SELECT EXISTS (SELECT 1 FROM ocpp_transaction WHERE transaction_id = $3 AND station_id = $1))"};
constexpr Statement kOpenCase{"integrations.case.open", R"(
  INSERT INTO reconciliation_case (public_id, station_id, transaction_id, kind, digest, message, trace_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING)"};

Params meter_params(const MeterMessage& message) {
  json::Array list;
  for (const auto& value : message.values) {
    auto sampled = json::serialize(value.raw);
    list.push_back(json::Object{{"at", format_rfc3339(value.timestamp)},
                                {"digest", hex_encode(view(sha256(sampled)))},
                                {"sampled", std::move(sampled)}});
  }
  Params params(message.station_id, message.connector_id, message.transaction_id, json::Value(std::move(list)));
  if (message.latest) return std::move(params.add(message.latest->energy_wh).add(message.latest->timestamp));
  return std::move(params.add_null().add_null());
}

}  // namespace

Task<Result<StartRow>> insert_start(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                                    ocpp::StartTransaction start, std::optional<Uuid> session_id,
                                    std::string id_tag_status) {
  EVC_CO_TRY(rows,
             co_await transaction.exec(context, kStart,
                                       Params(station_id, start.connector_id, start.id_tag, start.timestamp,
                                              start.meter_start_wh, start.reservation_id, session_id, id_tag_status)));
  co_return StartRow{.transaction_id = rows.get<std::int64_t>(0, 0),
                     .is_new = rows.get<bool>(0, 1),
                     .id_tag_status = rows.get<std::string>(0, 2)};
}

Task<Result<bool>> session_is_used(RequestContext& context, postgres::Transaction& transaction, Uuid session_id,
                                   std::string station_id, ocpp::StartTransaction start) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kSessionIsUsed,
                                             Params(session_id, station_id, start.connector_id, start.id_tag,
                                                    start.timestamp, start.meter_start_wh)));
  co_return !rows.empty();
}

Task<Result<std::optional<std::int64_t>>> open_transaction_at(RequestContext& context,
                                                              postgres::Transaction& transaction,
                                                              std::string station_id, std::int64_t connector_id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kOpenAt, Params(station_id, connector_id)));
  if (rows.empty()) co_return std::nullopt;
  co_return rows.get<std::int64_t>(0, 0);
}

Task<Result<std::optional<TransactionRow>>> find_transaction(RequestContext& context,
                                                             postgres::Transaction& transaction, std::string station_id,
                                                             std::int64_t transaction_id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kFind, Params(station_id, transaction_id)));
  if (rows.empty()) co_return std::nullopt;
  co_return TransactionRow{.transaction_id = rows.get<std::int64_t>(0, 0),
                           .connector_id = rows.get<std::int64_t>(0, 1),
                           .meter_start_wh = rows.get<std::int64_t>(0, 2),
                           .meter_wh = rows.get<std::optional<std::int64_t>>(0, 3),
                           .session_id = rows.get<std::optional<Uuid>>(0, 4)};
}

Task<Result<std::optional<ForgottenRow>>> find_forgotten(RequestContext& context, postgres::Transaction& transaction,
                                                         std::string station_id, std::int64_t transaction_id,
                                                         std::chrono::milliseconds settled_for) {
  const std::int64_t settled_for_ms = settled_for.count();
  EVC_CO_TRY(rows, co_await transaction.exec(context, kForgotten, Params(station_id, transaction_id, settled_for_ms)));
  if (rows.empty()) co_return std::nullopt;
  co_return ForgottenRow{.connector_id = rows.get<std::int64_t>(0, 0),
                         .meter_start_wh = rows.get<std::int64_t>(0, 1),
                         .meter_wh = rows.get<std::int64_t>(0, 2),
                         .at = rows.get<WallTime>(0, 3),
                         .session_id = rows.get<std::optional<Uuid>>(0, 4)};
}

Task<Result<StopOutcome>> insert_stop(RequestContext& context, postgres::Transaction& transaction,
                                      std::string station_id, ocpp::StopTransaction stop) {
  EVC_CO_TRY(inserted, co_await transaction.exec(context, kStop,
                                                 Params(station_id, stop.transaction_id, stop.meter_stop_wh,
                                                        stop.timestamp, stop.reason, stop.id_tag)));
  if (inserted.affected() == 1) co_return StopOutcome::kFirst;
  EVC_CO_TRY(same,
             co_await transaction.exec(context, kSameStop,
                                       Params(station_id, stop.transaction_id, stop.meter_stop_wh, stop.timestamp)));
  co_return same.empty() ? StopOutcome::kDiffers : StopOutcome::kRepeated;
}

Task<Result<bool>> insert_meter_values(RequestContext& context, postgres::Pool& pool, MeterMessage message) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kMeterValues, meter_params(message)));
  co_return rows.get<bool>(0, 0);
}

Task<Result<bool>> insert_meter_values(RequestContext& context, postgres::Transaction& transaction,
                                       MeterMessage message) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kMeterValues, meter_params(message)));
  co_return rows.get<bool>(0, 0);
}

Task<Result<void>> open_case(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                             std::int64_t transaction_id, std::string kind, std::string message) {
  Params params(uuid_v7(), station_id, transaction_id, kind);
  params.add_bytes(view(sha256(message))).add(message).add(context.trace.trace_id_hex());
  EVC_CO_CHECK(co_await transaction.exec(context, kOpenCase, std::move(params)));
  co_return Result<void>{};
}

}  // namespace evc::integrations::store
