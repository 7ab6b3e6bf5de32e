// What to do next with a command that is not finished: pure, so that every crash and every lost connection has a tested
// answer. The rows live in PostgreSQL; a row whose state is `sent` by an earlier process, or whose connection was lost,
// comes back here as `pending` with attempts > 0.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "kit/base/clock.hpp"
#include "services/integrations/domain/ocpp/commands.hpp"

namespace evc::integrations {

struct OpenCommand {
  ocpp::CommandKind kind = ocpp::CommandKind::kReset;
  WallTime created_at{};
  WallTime expires_at{};
  std::int64_t attempts = 0;    // how often it was sent
  bool is_unconfirmed = false;  // a repetition was rejected: perhaps the first one worked
  bool is_connected = false;    // the station, now
  bool stop_is_asked = false;   // of a start: its session was asked to stop since
  // The session's transaction, for starts and stops.
  std::optional<std::int64_t> transaction_id;
  bool transaction_ended = false;
};

struct NextStep {
  enum class Do { kSend, kWait, kFinish } what = Do::kWait;
  ocpp::CommandResult result = ocpp::CommandResult::kFailed;  // kFinish
  std::string detail;
};

// `offline_grace`: how long a command waits for a station that is not connected.
NextStep next_step(const OpenCommand& command, WallTime now, std::chrono::milliseconds offline_grace);

// What an answer from the station, or the loss of its connection, does to the command's row.
enum class AfterAnswer { kPending, kUnconfirmed, kFinish };
enum class Heard { kAnswer, kNothing };
AfterAnswer after_answer(const OpenCommand& command, Heard heard, ocpp::CommandResult result);

}  // namespace evc::integrations
