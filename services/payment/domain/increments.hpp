// A hold that grows while its charge runs. The same rules as for the hold itself: written down before the provider is
// asked, never read as a yes or a no while nobody knows, and booked as a pending transfer of its own. An increment that
// is still open when the hold ends is dropped: the capture or the void ends all that the provider holds. Pure.
#pragma once

#include "services/payment/domain/transitions.hpp"

namespace evc::payment {

// The one whose outcome is not known; null: none.
const Increment* open_increment(const Payment& payment);
const Increment* find_increment(const Payment& payment, std::int64_t number);

// `number` is the next one. conflict: another number, the hold is not there (any more), the one before is still open,
// or the hold would grow above its limit. validation-failed: no amount, another currency.
Result<Reaction> increment_asked(Payment payment, std::int64_t number, const Money& amount, WallTime now);
Reaction increment_found(Payment payment, const Finding& finding, WallTime now);
// The hold ends: nobody needs an open increment any more.
void drop_open_increment(Payment& payment);

}  // namespace evc::payment
