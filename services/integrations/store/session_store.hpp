// Copies of authorised charging sessions: which tag stands for whom, and which trace the station's messages join.
// Written by the events of charging, read by every transaction message.
#pragma once

#include <optional>
#include <string>

#include "kit/postgres/pool.hpp"

namespace evc::integrations::store {

struct SessionRow {
  Uuid session_id;
  std::string station_id;
  std::int64_t connector_id = 0;
  std::string id_tag;
  std::string user_id;
  Uuid correlation_id;
  Uuid event_id;  // ChargingSessionAuthorized
  telemetry::TraceContext trace;
  WallTime start_by{};
  bool closed = false;
};

// A repeated event changes nothing.
Task<Result<void>> insert_session(RequestContext& context, postgres::Transaction& transaction, SessionRow session);
Task<Result<void>> close_session(RequestContext& context, postgres::Transaction& transaction, Uuid session_id);
Task<Result<std::optional<SessionRow>>> find_session(RequestContext& context, postgres::Transaction& transaction,
                                                     Uuid session_id);
// Tags compare without case.
Task<Result<std::optional<SessionRow>>> find_session_by_tag(RequestContext& context, postgres::Pool& pool,
                                                            std::string id_tag);
// The session of a transaction that this station was given.
Task<Result<std::optional<SessionRow>>> find_session_by_transaction(RequestContext& context, postgres::Pool& pool,
                                                                    std::string station_id,
                                                                    std::int64_t transaction_id);

}  // namespace evc::integrations::store
