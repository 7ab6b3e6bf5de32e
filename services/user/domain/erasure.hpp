// The erasure of a person as a sequence of states, free of I/O. Until kDecided it can still be refused; from there on
// it can only go on, whatever dies meanwhile.
#pragma once

#include <boost/describe.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"
#include "kit/base/uuid.hpp"

namespace evc::user {

enum class ErasureState {
  kRequested,  // the account is to be frozen
  kFrozen,     // nobody can begin anything; what was begun just before is to be seen
  kDecided,    // nothing is open: auth is to destroy the person's secret and all that it holds
  kDestroyed,  // profile and vehicles are to go
  kDone,
  kRefused,  // something was begun at the very moment of the request
};
BOOST_DESCRIBE_ENUM(ErasureState, kRequested, kFrozen, kDecided, kDestroyed, kDone, kRefused)

// Why a person cannot be erased now.
enum class OpenPart { kChargeOpen, kPaymentOpen };
BOOST_DESCRIBE_ENUM(OpenPart, kChargeOpen, kPaymentOpen)

// Every verifier refuses the person's tokens by then (it pulls the deny-set each 500 ms), and what one of them began
// before can be seen.
inline constexpr std::chrono::milliseconds kErasureSettle{1'500};

// Whoever knows it may ask how far the erasure is: 122 random bits.
Uuid new_erasure_id();
// What the person is told: running, done, refused.
std::string_view told(ErasureState state);
// 409, with the pointer of that part of the export.
Error refusal(OpenPart part);
// How long after a step that failed it is tried again: twice as long each time, at most 5 s.
std::chrono::milliseconds pause_after(std::int64_t attempts);

}  // namespace evc::user
