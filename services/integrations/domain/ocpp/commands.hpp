// What the platform may ask a station: the CALL of each command and what its answer means. The text names are those of
// `commandResult` in contracts/events/ExternalUpdate.schema.json and of the operator's API; the last three stay inside the service.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kit/base/json.hpp"
#include "kit/ocpp/call_queue.hpp"

namespace evc::integrations::ocpp {

enum class CommandKind { kRemoteStart, kRemoteStop, kReset, kUnlock, kChangeAvailability, kTrigger, kGetConfiguration, kChangeConfiguration, kClearCache };

std::string_view name_of(CommandKind kind);  // "remoteStart"
std::optional<CommandKind> command_kind(std::string_view name);
std::string_view action_of(CommandKind kind);  // "RemoteStartTransaction"
// False for the kinds whose result is of no interest outside.
bool is_published(CommandKind kind);

// The payload of an operator's command from its parameters; validation-failed with the pointer.
Result<json::Object> operator_payload(CommandKind kind, std::optional<std::int64_t> connector_id, const json::Object& parameters);
json::Object remote_start_payload(std::int64_t connector_id, std::string_view id_tag);
json::Object remote_stop_payload(std::int64_t transaction_id);

enum class CommandResult { kAccepted, kRejected, kTimeout, kOffline, kExpired, kFailed };
std::string_view name_of(CommandResult result);

struct Verdict {
  CommandResult result = CommandResult::kFailed;
  std::string detail;  // the station's status or error code when it says more; ≤ 200 characters
};
Verdict judge(CommandKind kind, const evc::ocpp::Settled& settled);

}  // namespace evc::integrations::ocpp
