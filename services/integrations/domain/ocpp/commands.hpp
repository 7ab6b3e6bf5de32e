// What the platform may ask a station: the CALL of each command and what its answer means. The text names are those of
// `commandResult` in contracts/events/ExternalUpdate.schema.json and of the operator's API
// (contracts/http/integrations.yaml).
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/json.hpp"
#include "kit/ocpp/call_queue.hpp"

namespace evc::integrations::ocpp {

enum class CommandKind { kRemoteStart, kRemoteStop, kReset, kUnlock, kChangeAvailability, kTrigger };

std::string_view name_of(CommandKind kind);  // "remoteStart"
std::optional<CommandKind> command_kind(std::string_view name);
std::string_view action_of(CommandKind kind);  // "RemoteStartTransaction"

// An operator's request as it comes in; which member belongs to which command is checked by operator_payload().
struct OperatorCommand {
  std::string command;
  std::optional<std::int64_t> connector_id;
  std::optional<std::string> transaction_id;
  std::optional<std::string> reset_type;
  std::optional<std::string> availability;
  std::optional<std::string> message;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(OperatorCommand, (),
                      (command, connector_id, transaction_id, reset_type, availability, message, reason))

struct PlannedCall {
  CommandKind kind = CommandKind::kReset;
  json::Object payload;
};
// validation-failed with the pointer.
Result<PlannedCall> plan(const OperatorCommand& command);
json::Object remote_start_payload(std::int64_t connector_id, std::string_view id_tag);
json::Object remote_stop_payload(std::int64_t transaction_id);

enum class CommandResult { kAccepted, kRejected, kTimeout, kOffline, kExpired, kFailed };
std::string_view name_of(CommandResult result);

struct Verdict {
  CommandResult result = CommandResult::kFailed;
  std::string detail;  // the station's status or error code when it says more; ≤ 200 characters
};
Verdict judge(const evc::ocpp::Settled& settled);

}  // namespace evc::integrations::ocpp
