// The charging saga as a table: state × input → next state and what to say. Pure data, so that a reader, the tests and
// the model checker look at the same thing. An input without a row in a live state is a contradiction: nothing changes
// and a reconciliation case is opened. In a terminal state only a contradiction of the outcome is one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace evc::charging {

enum class SessionState : std::uint8_t {
  kRequested,
  kPreauthUnknown,
  kAuthorised,
  kCancelling,
  kStarted,
  kCharging,
  kLateStarted,
  kStopping,
  kEnded,
  kCapturing,
  kVoiding,
  kFailed,
  kVoided,
  kExpired,
  kCaptured,
  kReceivable,
};
// "PREAUTH_UNKNOWN": as in the contract and in the database.
std::string_view name(SessionState state);
std::optional<SessionState> state_from_name(std::string_view name);
bool terminal(SessionState state);

enum class Input : std::uint8_t {
  kHoldAuthorised,  // the provider holds the money
  kHoldDeclined,    // … refused
  kHoldFailed,      // … failed for good, nothing is held
  kHoldUnknown,     // nobody knows in time
  kStartRefused,    // the station rejected, failed, is offline or did not answer
  kTransactionStarted,
  kEnergyMeasured,  // a meter value of the running transaction
  kStopRequested,   // by the driver or a rule
  kTransactionEnded,
  kIncrementAuthorised,  // the hold has grown
  kIncrementRefused,     // it will not
  kIncrementUnknown,     // nobody knows
  kCaptureUnknown,
  kCaptured,        // price paid from the hold
  kCapturedPartly,  // the rest is owed
  kCaptureFailed,   // for good: all of it is owed
  kReleased,        // the hold was let go
  kHoldExpired,     // the provider let it go by itself
  kHoldGone,        // either of the two, and there is a price: payment will say what is owed
  kNeverHeld,       // payment knows nothing of the reference
  kDeadline,        // the state's time is over
};
std::string_view name(Input input);

enum class Say : std::uint8_t {
  kNothing,
  kAuthorized,      // ChargingSessionAuthorized: integrations asks the station to start
  kFailed,          // ChargingSessionFailed without a reference: nothing was held
  kFailedWithHold,  // … with it: payment lets the hold go
  kStarted,         // ChargingSessionStarted
  kStartedToStop,   // … and ChargingSessionStopRequested: its end was asked for before it began
  kUpdated,         // ChargingSessionUpdated, and a stop when a limit is reached
  kStopRequested,   // ChargingSessionStopRequested
  kEnded,           // ChargingSessionEnded with the final price
};

struct Row {
  SessionState state;
  Input input;
  SessionState next;
  Say say;
};
std::span<const Row> table();
// Null: no row.
const Row* find_row(SessionState state, Input input);

// What a terminal state makes of a late input: a repetition is ignored, a contradiction of the outcome is reported.
enum class Late { kIgnored, kContradiction };
Late late(SessionState terminal_state, Input input);

}  // namespace evc::charging
