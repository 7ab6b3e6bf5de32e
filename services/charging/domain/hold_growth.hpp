// When a running charge needs more money than is held, how much more it may ask for, and what the answers mean. Pure.
// What may be held at most is the price of the energy limit that the driver gave at the start (60 kWh when none was
// given), by the tariff of that moment: the driver agreed to that and to no more. Once no more will come, the charge is
// stopped before its next reading could pass the hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"

namespace evc::charging {

struct Session;

// Fixed for a session when it is requested.
struct HoldRules {
  std::int64_t hold_wh = 60'000;        // the first hold is the price of this, or of the limit when that is less
  std::int64_t increment_wh = 20'000;   // what one increment covers
  std::int64_t increment_percent = 80;  // of the hold: from this cost on the next one is asked for
};

enum class IncrementState {
  kNone,
  kWanted,   // payment is to be asked
  kUnknown,  // payment was asked, and nobody knows yet
  kAuthorised,
  kRefused,  // no more will come
};
std::string_view name(IncrementState state);
std::optional<IncrementState> increment_state_from_name(std::string_view name);

// The latest one; they are numbered 1, 2, 3 ….
struct HoldIncrement {
  std::int64_t number = 0;
  std::int64_t amount_minor = 0;
  IncrementState state = IncrementState::kNone;
  std::optional<WallTime> due_at;  // when payment is asked (again)
};

// After a reading: asks for the next increment when the cost comes near to the hold.
void want_increment(Session& session, WallTime now);
// Why the charge must end because its next reading could pass what is held; nullopt: it need not.
std::optional<std::string> hold_limit_reached(const Session& session);

}  // namespace evc::charging
