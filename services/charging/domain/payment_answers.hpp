// What payment's answers over REST mean. Pure. Whatever is not a clear answer is kHoldUnknown, never a yes or a no.
#pragma once

#include <string_view>

#include "services/charging/domain/session.hpp"

namespace evc::charging {

// To the question for a hold: kHoldAuthorised, kHoldDeclined, kHoldFailed or kHoldUnknown.
Input hold_answered(int status, std::string_view body);
// To the question what became of it: also kReleased, kHoldExpired, and kNeverHeld when payment has no such reference.
Input hold_state_told(int status, std::string_view body);

// To the question for increment `number`. A conflict is a no (the hold is over, or would pass its limit); that the same
// request is still running is none.
IncrementAnswer increment_told(std::int64_t number, int status, std::string_view body);

}  // namespace evc::charging
