// Which of five cases a request with an idempotency key is in, from what the table says about the key. Pure;
// IdempotencyStore obeys it, and proofs/simulator drives it through crashes.
#pragma once

#include <cstdint>
#include <string_view>

namespace evc::messaging {

enum class KeyCase {
  kFirst,       // the key is ours: begin
  kResume,      // ours now, its holder's lease has ended: go on from the recovery point
  kReplay,      // finished: the stored answer
  kOtherUse,    // the key belongs to another payload
  kInProgress,  // somebody is at it
};

// The key was taken: made new, or over from a holder whose lease has ended; `attempt` counts the holders.
KeyCase case_of_taken(std::int64_t attempt);

// It could not be taken.
KeyCase case_of_held(std::string_view held_fingerprint, std::string_view asked_fingerprint, std::string_view state);

}  // namespace evc::messaging
