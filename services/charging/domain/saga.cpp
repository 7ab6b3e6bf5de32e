#include "services/charging/domain/saga.hpp"

#include <array>
#include <utility>

namespace evc::charging {
namespace {

using S = SessionState;
using I = Input;

constexpr std::array<std::pair<S, std::string_view>, 16> kStateNames{{{S::kRequested, "REQUESTED"},
                                                                      {S::kPreauthUnknown, "PREAUTH_UNKNOWN"},
                                                                      {S::kAuthorised, "AUTHORISED"},
                                                                      {S::kCancelling, "CANCELLING"},
                                                                      {S::kStarted, "STARTED"},
                                                                      {S::kCharging, "CHARGING"},
                                                                      {S::kLateStarted, "LATE_STARTED"},
                                                                      {S::kStopping, "STOPPING"},
                                                                      {S::kEnded, "ENDED"},
                                                                      {S::kCapturing, "CAPTURING"},
                                                                      {S::kVoiding, "VOIDING"},
                                                                      {S::kFailed, "FAILED"},
                                                                      {S::kVoided, "VOIDED"},
                                                                      {S::kExpired, "EXPIRED"},
                                                                      {S::kCaptured, "CAPTURED"},
                                                                      {S::kReceivable, "RECEIVABLE"}}};

constexpr std::array<std::pair<I, std::string_view>, 21> kInputNames{{{I::kHoldAuthorised, "hold authorised"},
                                                                      {I::kHoldDeclined, "hold declined"},
                                                                      {I::kHoldFailed, "hold failed"},
                                                                      {I::kHoldUnknown, "hold unknown"},
                                                                      {I::kStartRefused, "start refused"},
                                                                      {I::kTransactionStarted, "transaction started"},
                                                                      {I::kEnergyMeasured, "energy measured"},
                                                                      {I::kStopRequested, "stop requested"},
                                                                      {I::kTransactionEnded, "transaction ended"},
                                                                      {I::kIncrementAuthorised, "increment authorised"},
                                                                      {I::kIncrementRefused, "increment refused"},
                                                                      {I::kIncrementUnknown, "increment unknown"},
                                                                      {I::kCaptureUnknown, "capture unknown"},
                                                                      {I::kCaptured, "captured"},
                                                                      {I::kCapturedPartly, "captured partly"},
                                                                      {I::kCaptureFailed, "capture failed"},
                                                                      {I::kReleased, "released"},
                                                                      {I::kHoldExpired, "hold expired"},
                                                                      {I::kHoldGone, "hold gone"},
                                                                      {I::kNeverHeld, "never held"},
                                                                      {I::kDeadline, "deadline"}}};

constexpr std::array kTable{
    // The answer to POST /charging/start, or the fact on payment.events, whichever comes first.
    Row{S::kRequested, I::kHoldAuthorised, S::kAuthorised, Say::kAuthorized},
    Row{S::kRequested, I::kHoldDeclined, S::kFailed, Say::kFailed},
    Row{S::kRequested, I::kHoldFailed, S::kFailed, Say::kFailed},
    Row{S::kRequested, I::kHoldUnknown, S::kPreauthUnknown, Say::kNothing},
    // It came and went before anybody heard of it.
    Row{S::kRequested, I::kHoldExpired, S::kExpired, Say::kFailed},
    // Nobody waits for the answer any more (a crash in the middle): never start, let go what may be held.
    Row{S::kRequested, I::kDeadline, S::kVoiding, Say::kFailedWithHold},

    // An unknown outcome never becomes a start: the driver was told 202 and may have walked away.
    Row{S::kPreauthUnknown, I::kHoldUnknown, S::kPreauthUnknown, Say::kNothing},
    Row{S::kPreauthUnknown, I::kHoldAuthorised, S::kVoiding, Say::kFailedWithHold},
    Row{S::kPreauthUnknown, I::kHoldDeclined, S::kFailed, Say::kFailed},
    Row{S::kPreauthUnknown, I::kHoldFailed, S::kFailed, Say::kFailed},
    Row{S::kPreauthUnknown, I::kHoldExpired, S::kExpired, Say::kFailed},
    Row{S::kPreauthUnknown, I::kDeadline, S::kVoiding, Say::kFailedWithHold},

    // What the topic says of the hold after the answer has said it: also that it was unknown for a while.
    Row{S::kAuthorised, I::kHoldAuthorised, S::kAuthorised, Say::kNothing},
    Row{S::kAuthorised, I::kHoldUnknown, S::kAuthorised, Say::kNothing},
    Row{S::kAuthorised, I::kTransactionStarted, S::kStarted, Say::kStarted},
    Row{S::kAuthorised, I::kStartRefused, S::kVoiding, Say::kFailedWithHold},
    Row{S::kAuthorised, I::kStopRequested, S::kCancelling, Say::kStopRequested},
    Row{S::kAuthorised, I::kDeadline, S::kVoiding, Say::kFailedWithHold},
    Row{S::kAuthorised, I::kHoldExpired, S::kExpired, Say::kFailed},

    // The station was asked already and may have begun: the hold stays until it has spoken or its time is over, else
    // energy that flowed in good time would be owed.
    Row{S::kCancelling, I::kHoldAuthorised, S::kCancelling, Say::kNothing},
    Row{S::kCancelling, I::kHoldUnknown, S::kCancelling, Say::kNothing},
    Row{S::kCancelling, I::kStopRequested, S::kCancelling, Say::kNothing},
    Row{S::kCancelling, I::kStartRefused, S::kVoiding, Say::kFailedWithHold},
    Row{S::kCancelling, I::kTransactionStarted, S::kStopping, Say::kStartedToStop},
    Row{S::kCancelling, I::kDeadline, S::kVoiding, Say::kFailedWithHold},
    Row{S::kCancelling, I::kHoldExpired, S::kExpired, Say::kFailed},

    Row{S::kStarted, I::kHoldAuthorised, S::kStarted, Say::kNothing},
    Row{S::kStarted, I::kHoldUnknown, S::kStarted, Say::kNothing},
    Row{S::kStarted, I::kEnergyMeasured, S::kCharging, Say::kUpdated},
    Row{S::kStarted, I::kStopRequested, S::kStopping, Say::kStopRequested},
    Row{S::kStarted, I::kTransactionStarted, S::kStarted, Say::kNothing},  // the station repeats itself
    Row{S::kStarted, I::kTransactionEnded, S::kEnded, Say::kEnded},
    Row{S::kStarted, I::kStartRefused, S::kStarted, Say::kNothing},  // the answer to the command came after the fact
    Row{S::kStarted, I::kHoldExpired, S::kStopping, Say::kStopRequested},
    Row{S::kStarted, I::kDeadline, S::kStarted, Say::kNothing},

    Row{S::kCharging, I::kHoldAuthorised, S::kCharging, Say::kNothing},
    Row{S::kCharging, I::kHoldUnknown, S::kCharging, Say::kNothing},
    Row{S::kCharging, I::kEnergyMeasured, S::kCharging, Say::kUpdated},
    Row{S::kCharging, I::kStopRequested, S::kStopping, Say::kStopRequested},
    Row{S::kCharging, I::kTransactionStarted, S::kCharging, Say::kNothing},
    Row{S::kCharging, I::kTransactionEnded, S::kEnded, Say::kEnded},
    Row{S::kCharging, I::kStartRefused, S::kCharging, Say::kNothing},
    Row{S::kCharging, I::kHoldExpired, S::kStopping, Say::kStopRequested},
    Row{S::kCharging, I::kDeadline, S::kCharging, Say::kNothing},
    // Asked for while energy flows, and heard of until the money is settled. No answer stops the charge by itself: it
    // is stopped before it passes what is held (hold_growth).
    Row{S::kCharging, I::kIncrementAuthorised, S::kCharging, Say::kNothing},
    Row{S::kCharging, I::kIncrementRefused, S::kCharging, Say::kNothing},
    Row{S::kCharging, I::kIncrementUnknown, S::kCharging, Say::kNothing},

    Row{S::kStopping, I::kHoldAuthorised, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kHoldUnknown, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kEnergyMeasured, S::kStopping, Say::kUpdated},
    Row{S::kStopping, I::kStopRequested, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kTransactionStarted, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kStartRefused, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kTransactionEnded, S::kEnded, Say::kEnded},
    Row{S::kStopping, I::kHoldExpired, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kIncrementAuthorised, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kIncrementRefused, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kIncrementUnknown, S::kStopping, Say::kNothing},
    Row{S::kStopping, I::kDeadline, S::kStopping, Say::kStopRequested},  // ask again

    // It began although it was given up: the energy is real, so it is stopped, billed, and owed if the hold is gone.
    Row{S::kLateStarted, I::kHoldAuthorised, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kHoldUnknown, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kEnergyMeasured, S::kLateStarted, Say::kUpdated},
    Row{S::kLateStarted, I::kStopRequested, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kTransactionStarted, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kTransactionEnded, S::kEnded, Say::kEnded},
    Row{S::kLateStarted, I::kReleased, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kHoldExpired, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kHoldDeclined, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kHoldFailed, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kStartRefused, S::kLateStarted, Say::kNothing},
    Row{S::kLateStarted, I::kDeadline, S::kLateStarted, Say::kStopRequested},

    Row{S::kEnded, I::kHoldAuthorised, S::kEnded, Say::kNothing},
    Row{S::kEnded, I::kHoldUnknown, S::kEnded, Say::kNothing},
    Row{S::kEnded, I::kEnergyMeasured, S::kEnded,
        Say::kNothing},  // a late meter value: the bill stands on the end's register
    Row{S::kEnded, I::kTransactionEnded, S::kEnded, Say::kNothing},
    Row{S::kEnded, I::kStopRequested, S::kEnded, Say::kNothing},
    Row{S::kEnded, I::kCaptureUnknown, S::kCapturing, Say::kNothing},
    Row{S::kEnded, I::kCaptured, S::kCaptured, Say::kNothing},
    Row{S::kEnded, I::kCapturedPartly, S::kReceivable, Say::kNothing},
    Row{S::kEnded, I::kCaptureFailed, S::kReceivable, Say::kNothing},
    // Without a price the end of the hold is the session's; with one, payment still has to say what is owed.
    Row{S::kEnded, I::kReleased, S::kVoided, Say::kNothing},
    Row{S::kEnded, I::kHoldExpired, S::kExpired, Say::kNothing},
    Row{S::kEnded, I::kHoldGone, S::kEnded, Say::kNothing},
    Row{S::kEnded, I::kIncrementAuthorised, S::kEnded, Say::kNothing},
    Row{S::kEnded, I::kIncrementRefused, S::kEnded, Say::kNothing},
    Row{S::kEnded, I::kIncrementUnknown, S::kEnded, Say::kNothing},
    Row{S::kEnded, I::kDeadline, S::kEnded, Say::kNothing},

    Row{S::kCapturing, I::kEnergyMeasured, S::kCapturing, Say::kNothing},
    Row{S::kCapturing, I::kTransactionEnded, S::kCapturing, Say::kNothing},
    Row{S::kCapturing, I::kStopRequested, S::kCapturing, Say::kNothing},
    Row{S::kCapturing, I::kCaptureUnknown, S::kCapturing, Say::kNothing},
    Row{S::kCapturing, I::kCaptured, S::kCaptured, Say::kNothing},
    Row{S::kCapturing, I::kCapturedPartly, S::kReceivable, Say::kNothing},
    Row{S::kCapturing, I::kCaptureFailed, S::kReceivable, Say::kNothing},
    Row{S::kCapturing, I::kReleased, S::kVoided, Say::kNothing},
    Row{S::kCapturing, I::kHoldExpired, S::kExpired, Say::kNothing},
    Row{S::kCapturing, I::kHoldGone, S::kCapturing, Say::kNothing},
    Row{S::kCapturing, I::kIncrementAuthorised, S::kCapturing, Say::kNothing},
    Row{S::kCapturing, I::kIncrementRefused, S::kCapturing, Say::kNothing},
    Row{S::kCapturing, I::kIncrementUnknown, S::kCapturing, Say::kNothing},
    Row{S::kCapturing, I::kDeadline, S::kCapturing, Say::kNothing},

    Row{S::kVoiding, I::kHoldAuthorised, S::kVoiding, Say::kNothing},  // payment lets it go, too
    Row{S::kVoiding, I::kHoldUnknown, S::kVoiding, Say::kNothing},
    Row{S::kVoiding, I::kHoldDeclined, S::kFailed, Say::kNothing},
    Row{S::kVoiding, I::kHoldFailed, S::kFailed, Say::kNothing},
    Row{S::kVoiding, I::kNeverHeld, S::kFailed, Say::kNothing},
    Row{S::kVoiding, I::kReleased, S::kVoided, Say::kNothing},
    Row{S::kVoiding, I::kHoldExpired, S::kExpired, Say::kNothing},
    Row{S::kVoiding, I::kStartRefused, S::kVoiding, Say::kNothing},
    Row{S::kVoiding, I::kStopRequested, S::kVoiding, Say::kNothing},
    Row{S::kVoiding, I::kTransactionStarted, S::kLateStarted, Say::kStartedToStop},
    Row{S::kVoiding, I::kDeadline, S::kVoiding, Say::kNothing},

    // The hold went before the station was heard of: the start still is a fact.
    Row{S::kVoided, I::kTransactionStarted, S::kLateStarted, Say::kStartedToStop},
    Row{S::kExpired, I::kTransactionStarted, S::kLateStarted, Say::kStartedToStop},
    Row{S::kFailed, I::kTransactionStarted, S::kLateStarted, Say::kStartedToStop},
};

}  // namespace

std::string_view name(SessionState state) {
  return kStateNames.at(static_cast<std::size_t>(state)).second;
}
std::string_view name(Input input) {
  return kInputNames.at(static_cast<std::size_t>(input)).second;
}

std::optional<SessionState> state_from_name(std::string_view text) {
  for (const auto& [state, state_name] : kStateNames) {
    if (state_name == text) return state;
  }
  return std::nullopt;
}

bool terminal(SessionState state) {
  return state == S::kFailed || state == S::kVoided || state == S::kExpired || state == S::kCaptured ||
         state == S::kReceivable;
}

std::span<const Row> table() {
  return kTable;
}

const Row* find_row(SessionState state, Input input) {
  for (const Row& row : kTable) {
    if (row.state == state && row.input == input) return &row;
  }
  return nullptr;
}

Late late(SessionState terminal_state, Input input) {
  const bool money_taken = terminal_state == S::kCaptured || terminal_state == S::kReceivable;
  const bool says_taken = input == I::kCaptured || input == I::kCapturedPartly;
  const bool says_let_go = input == I::kReleased || input == I::kHoldExpired || input == I::kCaptureFailed;
  if (money_taken && says_let_go) return Late::kContradiction;
  if (!money_taken && says_taken) return Late::kContradiction;
  // Money that is held for a session that has failed would stay held.
  if (terminal_state == S::kFailed && input == I::kHoldAuthorised) return Late::kContradiction;
  return Late::kIgnored;
}

}  // namespace evc::charging
