// What each message of a station does: one database transaction with its events, idempotent by the replay keys, so that
// a repeated or retried message changes nothing. One object per worker; the connection's own state (trace, coalescing)
// is passed in.
#pragma once

#include <optional>
#include <string>

#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"
#include "services/integrations/domain/ocpp/messages.hpp"
#include "services/integrations/domain/ocpp/meter_reading.hpp"
#include "services/integrations/store/session_store.hpp"
#include "services/integrations/store/station_store.hpp"

namespace evc::integrations {

using Session = std::optional<store::SessionRow>;

class StationMessages {
 public:
  StationMessages(postgres::Pool& pool, messaging::Outbox& outbox, std::int64_t heartbeat_interval_s)
      : pool_(&pool), outbox_(&outbox), heartbeat_interval_s_(heartbeat_interval_s) {}

  postgres::Pool& pool() { return *pool_; }

  // --- the connection
  Task<Result<store::StationRow>> connected(RequestContext& context, std::string station_id, Uuid connection_id);
  // Nothing happens when another connection has taken the station over.
  Task<Result<void>> disconnected(RequestContext& context, std::string station_id, Uuid connection_id,
                                  std::string reason);

  // --- messages; the value is the payload of the CALLRESULT
  Task<Result<json::Object>> boot(RequestContext& context, std::string station_id, ocpp::BootNotification message);
  Task<Result<json::Object>> heartbeat(RequestContext& context);
  Task<Result<json::Object>> status(RequestContext& context, std::string station_id, ocpp::StatusNotification message);
  Task<Result<json::Object>> authorize(RequestContext& context, std::string station_id, Session session);
  Task<Result<json::Object>> start(RequestContext& context, std::string station_id, ocpp::StartTransaction message,
                                   Session session);
  // `publish`: the reading that the coalescer let through.
  Task<Result<json::Object>> meter_values(RequestContext& context, std::string station_id, ocpp::MeterValues message,
                                          Session session, std::optional<ocpp::MeterReading> publish);
  Task<Result<json::Object>> stop(RequestContext& context, std::string station_id, ocpp::StopTransaction message,
                                  Session session, std::string raw);

  // A reading that was held back by the coalescer.
  Task<Result<void>> publish_reading(RequestContext& context, std::string station_id, std::int64_t connector_id,
                                     std::int64_t transaction_id, Session session, ocpp::MeterReading reading);

 private:
  Task<Result<void>> append(RequestContext& context, postgres::Transaction& transaction, std::string station_id,
                            std::int64_t connector_id, json::Object data, const Session& session);
  Task<Result<void>> open_start_cases(RequestContext& context, postgres::Transaction& transaction,
                                      std::string station_id, ocpp::StartTransaction message,
                                      std::int64_t transaction_id, std::optional<std::int64_t> busy_with, bool is_known,
                                      bool is_elsewhere);

  postgres::Pool* pool_;
  messaging::Outbox* outbox_;
  std::int64_t heartbeat_interval_s_;
};

}  // namespace evc::integrations
