#include "services/integrations/domain/ocpp/commands.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "kit/base/assert.hpp"

namespace evc::integrations::ocpp {
namespace {

struct CommandRow {
  CommandKind kind;
  std::string_view name;
  std::string_view action;
};
constexpr std::array kCommands{
    CommandRow{CommandKind::kRemoteStart, "remoteStart", "RemoteStartTransaction"},
    CommandRow{CommandKind::kRemoteStop, "remoteStop", "RemoteStopTransaction"},
    CommandRow{CommandKind::kReset, "reset", "Reset"},
    CommandRow{CommandKind::kUnlock, "unlock", "UnlockConnector"},
    CommandRow{CommandKind::kChangeAvailability, "changeAvailability", "ChangeAvailability"},
    CommandRow{CommandKind::kTrigger, "trigger", "TriggerMessage"},
};
constexpr std::size_t kDetailLimit = 200;
constexpr std::size_t kReasonLimit = 500;

const CommandRow& row_of(CommandKind kind) {
  const auto* row = std::ranges::find(kCommands, kind, &CommandRow::kind);
  EVC_ASSERT(row != kCommands.end());
  return *row;
}

// The API says a value in lower camel case, the protocol in upper.
struct Choice {
  std::string_view api;
  std::string_view protocol;
};
constexpr std::array kResets{Choice{"soft", "Soft"}, Choice{"hard", "Hard"}};
constexpr std::array kAvailabilities{Choice{"operative", "Operative"}, Choice{"inoperative", "Inoperative"}};
constexpr std::array kTriggers{Choice{"bootNotification", "BootNotification"}, Choice{"heartbeat", "Heartbeat"},
                               Choice{"statusNotification", "StatusNotification"},
                               Choice{"meterValues", "MeterValues"}};

Result<json::Object> with_choice(json::Object payload, std::string_view member, const std::optional<std::string>& value,
                                 std::string_view pointer, std::span<const Choice> choices) {
  if (!value) return fail_field(std::string(pointer), "is required");
  const auto found = std::ranges::find(choices, *value, &Choice::api);
  if (found == choices.end()) return fail_field(std::string(pointer), "is not one of the allowed values");
  payload[member] = found->protocol;
  return payload;
}

Result<json::Object> stop_payload(const std::optional<std::string>& transaction_id) {
  if (!transaction_id) return fail_field("/transactionId", "is required");
  std::int64_t number = 0;
  const auto* end = transaction_id->data() + transaction_id->size();
  const auto parsed = std::from_chars(transaction_id->data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return fail_field("/transactionId", "is not a transaction of OCPP 1.6");
  return remote_stop_payload(number);
}

Result<json::Object> payload_of(CommandKind kind, const OperatorCommand& command) {
  switch (kind) {
    case CommandKind::kRemoteStop:
      return stop_payload(command.transaction_id);
    case CommandKind::kReset:
      return with_choice({}, "type", command.reset_type, "/resetType", kResets);
    case CommandKind::kUnlock:
      if (!command.connector_id) return fail_field("/connectorId", "is required");
      return json::Object{{"connectorId", *command.connector_id}};
    case CommandKind::kChangeAvailability:
      return with_choice({{"connectorId", command.connector_id.value_or(0)}}, "type", command.availability,
                         "/availability", kAvailabilities);
    case CommandKind::kTrigger: {
      json::Object payload;
      if (command.connector_id) payload["connectorId"] = *command.connector_id;
      return with_choice(std::move(payload), "requestedMessage", command.message, "/message", kTriggers);
    }
    case CommandKind::kRemoteStart:
      break;
  }
  return fail_field("/command", "a charge is started by its session");
}

std::string status_of(const json::Object& payload) {
  const auto* status = payload.if_contains("status");
  return status != nullptr && status->is_string()
             ? std::string(std::string_view(status->as_string()).substr(0, kDetailLimit))
             : std::string{};
}

Verdict judge_answer(const json::Object& payload) {
  const auto status = status_of(payload);
  if (status == "Accepted") return {.result = CommandResult::kAccepted};
  // Also good news: the lock opened, the change comes after the transaction.
  if (status == "Unlocked" || status == "Scheduled") return {.result = CommandResult::kAccepted, .detail = status};
  if (status.empty()) return {.result = CommandResult::kFailed, .detail = "the answer has no status"};
  return {.result = CommandResult::kRejected, .detail = status == "Rejected" ? std::string{} : status};
}

}  // namespace

std::string_view name_of(CommandKind kind) {
  return row_of(kind).name;
}
std::string_view action_of(CommandKind kind) {
  return row_of(kind).action;
}

std::optional<CommandKind> command_kind(std::string_view name) {
  const auto* row = std::ranges::find(kCommands, name, &CommandRow::name);
  if (row == kCommands.end()) return std::nullopt;
  return row->kind;
}

Result<PlannedCall> plan(const OperatorCommand& command) {
  const auto kind = command_kind(command.command);
  if (!kind) return fail_field("/command", "is not one of the allowed values");
  if (command.reason.empty() || command.reason.size() > kReasonLimit)
    return fail_field("/reason", "is empty or too long");
  if (command.connector_id && (*command.connector_id < 1 || *command.connector_id > 255))
    return fail_field("/connectorId", "is out of range");
  auto payload = payload_of(*kind, command);
  if (!payload) return std::unexpected(std::move(payload).error());
  return PlannedCall{.kind = *kind, .payload = std::move(*payload)};
}

json::Object remote_start_payload(std::int64_t connector_id, std::string_view id_tag) {
  return {{"connectorId", connector_id}, {"idTag", id_tag}};
}

json::Object remote_stop_payload(std::int64_t transaction_id) {
  return {{"transactionId", transaction_id}};
}

std::string_view name_of(CommandResult result) {
  switch (result) {
    case CommandResult::kAccepted:
      return "accepted";
    case CommandResult::kRejected:
      return "rejected";
    case CommandResult::kTimeout:
      return "timeout";
    case CommandResult::kOffline:
      return "offline";
    case CommandResult::kExpired:
      return "expired";
    case CommandResult::kFailed:
      return "failed";
  }
  EVC_ASSERT(false);
  return {};
}

Verdict judge(const evc::ocpp::Settled& settled) {
  using Outcome = evc::ocpp::Settled::Outcome;
  switch (settled.outcome) {
    case Outcome::kResult:
      return judge_answer(settled.payload);
    case Outcome::kError:
      return {.result = CommandResult::kFailed, .detail = settled.error.code.substr(0, kDetailLimit)};
    case Outcome::kTimeout:
      return {.result = CommandResult::kTimeout};
    case Outcome::kLost:
      return {.result = CommandResult::kOffline, .detail = "the connection was lost"};
  }
  EVC_ASSERT(false);
  return {};
}

}  // namespace evc::integrations::ocpp
