#include "services/integrations/domain/ocpp/commands.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "kit/base/assert.hpp"

namespace evc::integrations::ocpp {
namespace {

struct CommandRow {
  CommandKind kind;
  std::string_view name;
  std::string_view action;
  bool published;
};
constexpr std::array kCommands{
    CommandRow{CommandKind::kRemoteStart, "remoteStart", "RemoteStartTransaction", true},
    CommandRow{CommandKind::kRemoteStop, "remoteStop", "RemoteStopTransaction", true},
    CommandRow{CommandKind::kReset, "reset", "Reset", true},
    CommandRow{CommandKind::kUnlock, "unlock", "UnlockConnector", true},
    CommandRow{CommandKind::kChangeAvailability, "changeAvailability", "ChangeAvailability", true},
    CommandRow{CommandKind::kTrigger, "trigger", "TriggerMessage", true},
    CommandRow{CommandKind::kGetConfiguration, "getConfiguration", "GetConfiguration", false},
    CommandRow{CommandKind::kChangeConfiguration, "changeConfiguration", "ChangeConfiguration", false},
    CommandRow{CommandKind::kClearCache, "clearCache", "ClearCache", false},
};
constexpr std::size_t kDetailLimit = 200;

const CommandRow& row_of(CommandKind kind) {
  const auto* row = std::ranges::find(kCommands, kind, &CommandRow::kind);
  EVC_ASSERT(row != kCommands.end());
  return *row;
}

Result<std::string> text_parameter(const json::Object& parameters, std::string_view name, std::size_t limit, std::span<const std::string_view> choices = {}) {
  const auto* value = parameters.if_contains(name);
  const auto pointer = "/parameters/" + std::string(name);
  if (value == nullptr) return fail_field(pointer, "is required");
  if (!value->is_string()) return fail_field(pointer, "must be a string");
  std::string text(value->as_string());
  if (text.empty() || text.size() > limit) return fail_field(pointer, "is empty or too long");
  if (!choices.empty() && std::ranges::find(choices, text) == choices.end()) return fail_field(pointer, "is not one of the allowed values");
  return text;
}

Result<json::Object> with_choice(json::Object payload, std::string_view member, const json::Object& parameters, std::string_view parameter,
                                 std::span<const std::string_view> choices) {
  auto text = text_parameter(parameters, parameter, 50, choices);
  if (!text) return std::unexpected(std::move(text).error());
  payload[member] = *text;
  return payload;
}

Result<json::Object> configuration_change(const json::Object& parameters) {
  EVC_TRY(name, text_parameter(parameters, "key", 50));
  EVC_TRY(value, text_parameter(parameters, "value", 500));
  return json::Object{{"key", name}, {"value", value}};
}

Result<json::Object> configuration_query(const json::Object& parameters) {
  if (!parameters.contains("key")) return json::Object{};
  EVC_TRY(name, text_parameter(parameters, "key", 50));
  return json::Object{{"key", json::Array{json::Value(name)}}};
}

std::string status_of(const json::Object& payload) {
  const auto* status = payload.if_contains("status");
  return status != nullptr && status->is_string() ? std::string(std::string_view(status->as_string()).substr(0, kDetailLimit)) : std::string{};
}

Verdict judge_answer(CommandKind kind, const json::Object& payload) {
  if (kind == CommandKind::kGetConfiguration) return {.result = CommandResult::kAccepted};
  const auto status = status_of(payload);
  if (status == "Accepted") return {.result = CommandResult::kAccepted};
  // Also good news: the lock opened, the change comes after the transaction or the next boot.
  if (status == "Unlocked" || status == "Scheduled" || status == "RebootRequired") return {.result = CommandResult::kAccepted, .detail = status};
  if (status.empty()) return {.result = CommandResult::kFailed, .detail = "the answer has no status"};
  return {.result = CommandResult::kRejected, .detail = status == "Rejected" ? std::string{} : status};
}

}  // namespace

std::string_view name_of(CommandKind kind) { return row_of(kind).name; }
std::string_view action_of(CommandKind kind) { return row_of(kind).action; }
bool is_published(CommandKind kind) { return row_of(kind).published; }

std::optional<CommandKind> command_kind(std::string_view name) {
  const auto* row = std::ranges::find(kCommands, name, &CommandRow::name);
  if (row == kCommands.end()) return std::nullopt;
  return row->kind;
}

Result<json::Object> operator_payload(CommandKind kind, std::optional<std::int64_t> connector_id, const json::Object& parameters) {
  static constexpr std::array<std::string_view, 2> kResets{"Soft", "Hard"};
  static constexpr std::array<std::string_view, 2> kAvailabilities{"Operative", "Inoperative"};
  static constexpr std::array<std::string_view, 6> kTriggers{"BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
                                                             "Heartbeat", "MeterValues", "StatusNotification"};
  switch (kind) {
    case CommandKind::kReset: return with_choice({}, "type", parameters, "type", kResets);
    case CommandKind::kUnlock:
      if (connector_id.value_or(0) < 1) return fail_field("/connectorId", "is required");
      return json::Object{{"connectorId", *connector_id}};
    case CommandKind::kChangeAvailability:
      return with_choice({{"connectorId", connector_id.value_or(0)}}, "type", parameters, "type", kAvailabilities);
    case CommandKind::kTrigger: {
      json::Object payload;
      if (connector_id.value_or(0) > 0) payload["connectorId"] = *connector_id;
      return with_choice(std::move(payload), "requestedMessage", parameters, "message", kTriggers);
    }
    case CommandKind::kGetConfiguration: return configuration_query(parameters);
    case CommandKind::kChangeConfiguration: return configuration_change(parameters);
    case CommandKind::kClearCache: return json::Object{};
    case CommandKind::kRemoteStart:
    case CommandKind::kRemoteStop: break;
  }
  return fail_field("/command", "charges are started and stopped by their sessions");
}

json::Object remote_start_payload(std::int64_t connector_id, std::string_view id_tag) { return {{"connectorId", connector_id}, {"idTag", id_tag}}; }

json::Object remote_stop_payload(std::int64_t transaction_id) { return {{"transactionId", transaction_id}}; }

std::string_view name_of(CommandResult result) {
  switch (result) {
    case CommandResult::kAccepted: return "accepted";
    case CommandResult::kRejected: return "rejected";
    case CommandResult::kTimeout: return "timeout";
    case CommandResult::kOffline: return "offline";
    case CommandResult::kExpired: return "expired";
    case CommandResult::kFailed: return "failed";
  }
  EVC_ASSERT(false);
  return {};
}

Verdict judge(CommandKind kind, const evc::ocpp::Settled& settled) {
  using Outcome = evc::ocpp::Settled::Outcome;
  switch (settled.outcome) {
    case Outcome::kResult: return judge_answer(kind, settled.payload);
    case Outcome::kError: return {.result = CommandResult::kFailed, .detail = settled.error.code.substr(0, kDetailLimit)};
    case Outcome::kTimeout: return {.result = CommandResult::kTimeout};
    case Outcome::kLost: return {.result = CommandResult::kOffline, .detail = "the connection was lost"};
  }
  EVC_ASSERT(false);
  return {};
}

}  // namespace evc::integrations::ocpp
