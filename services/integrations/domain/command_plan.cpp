#include "services/integrations/domain/command_plan.hpp"

namespace evc::integrations {
namespace {

using ocpp::CommandKind;
using ocpp::CommandResult;

NextStep finish(CommandResult result, std::string detail = {}) {
  return {.what = NextStep::Do::kFinish, .result = result, .detail = std::move(detail)};
}

NextStep expired(const OpenCommand& command) {
  if (command.is_unconfirmed) return finish(CommandResult::kRejected);
  if (command.attempts > 0) return finish(CommandResult::kTimeout);
  return finish(command.is_connected ? CommandResult::kExpired : CommandResult::kOffline);
}

}  // namespace

NextStep next_step(const OpenCommand& command, WallTime now, std::chrono::milliseconds offline_grace) {
  if (command.kind == CommandKind::kRemoteStart && command.transaction_id)
    return finish(CommandResult::kAccepted, "the transaction has begun");
  if (command.kind == CommandKind::kRemoteStop && command.transaction_ended)
    return finish(CommandResult::kAccepted, "the transaction has ended");
  // What the station never heard of needs no answer of it.
  if (command.kind == CommandKind::kRemoteStart && command.stop_is_asked && command.attempts == 0)
    return finish(CommandResult::kExpired, "the driver took it back");
  if (now >= command.expires_at) return expired(command);
  if (command.is_unconfirmed) return {};
  if (!command.is_connected) {
    // After a first attempt the station may know the command already: only its time limit ends the waiting.
    if (command.attempts == 0 && now - command.created_at >= offline_grace) return finish(CommandResult::kOffline);
    return {};
  }
  // The start is still on its way to us; a stop without a transaction id could stop nothing.
  if (command.kind == CommandKind::kRemoteStop && !command.transaction_id) return {};
  return {.what = NextStep::Do::kSend};
}

AfterAnswer after_answer(const OpenCommand& command, Heard heard, CommandResult result) {
  if (heard == Heard::kNothing) return AfterAnswer::kPending;
  const bool is_repetition = command.attempts > 0;
  const bool is_doubtful =
      is_repetition && command.kind == CommandKind::kRemoteStart && result == CommandResult::kRejected;
  return is_doubtful ? AfterAnswer::kUnconfirmed : AfterAnswer::kFinish;
}

}  // namespace evc::integrations
