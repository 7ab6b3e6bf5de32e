// Commands to stations as durable rows: written with the event or request that caused them, sent by whoever holds the
// station, finished once. A process that dies leaves `sent` rows behind, which the next one takes up again because
// their run id is not its own.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/integrations/domain/command_plan.hpp"

namespace evc::integrations::store {

struct CommandDraft {
  Uuid command_id;
  std::string station_id;
  std::int64_t connector_id = 0;
  ocpp::CommandKind kind = ocpp::CommandKind::kReset;
  json::Object payload;
  std::optional<Uuid> session_id;
  std::optional<std::string> reason;
  std::optional<std::string> requested_by;
  std::optional<std::string> user_id;
  std::optional<Uuid> correlation_id;
  std::optional<Uuid> causation_id;
  telemetry::TraceContext trace;
  WallTime expires_at{};
};
// A second start of a session, or a second open stop, is dropped.
Task<Result<void>> insert_command(RequestContext& context, postgres::Transaction& transaction, CommandDraft draft);

struct CommandRow {
  Uuid command_id;
  std::string station_id;
  std::int64_t connector_id = 0;
  json::Object payload;
  std::optional<Uuid> session_id;
  std::optional<std::string> user_id;
  std::optional<Uuid> correlation_id;
  std::optional<Uuid> causation_id;
  telemetry::TraceContext trace;
  OpenCommand open;  // is_connected is the caller's to fill in
};
// What is not finished and not under way in this run, oldest first.
Task<Result<std::vector<CommandRow>>> open_commands(RequestContext& context, postgres::Pool& pool, Uuid run_id,
                                                    std::int64_t limit);

// Those of them that were not finished, and not sent in this run, meanwhile.
Task<Result<std::set<Uuid>>> mark_sent(RequestContext& context, postgres::Pool& pool, std::vector<Uuid> command_ids,
                                       Uuid run_id);
// Back to the queue: the connection was lost.
Task<Result<void>> mark_pending(RequestContext& context, postgres::Pool& pool, Uuid command_id);
Task<Result<void>> mark_unconfirmed(RequestContext& context, postgres::Pool& pool, Uuid command_id);
// False when it was finished before.
Task<Result<bool>> finish_command(RequestContext& context, postgres::Transaction& transaction, Uuid command_id,
                                  std::string state, std::string detail);

struct CommandView {
  Uuid command_id;
  std::string station_id;
  std::int64_t connector_id = 0;
  std::string kind;
  std::string state;
  std::optional<std::string> detail;
  WallTime created_at{};
  std::optional<WallTime> finished_at;
};
Task<Result<std::optional<CommandView>>> find_command(RequestContext& context, postgres::Pool& pool,
                                                      std::string station_id, Uuid command_id);

}  // namespace evc::integrations::store
