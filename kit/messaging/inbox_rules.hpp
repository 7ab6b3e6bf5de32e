// What the inbox decides about one event, without its tables and its topic: whether it is its turn, whether a failure
// is worth another try and when. Pure; EventApplier and Inbox obey it, and proofs/simulator drives it through crashes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"

namespace evc::messaging {

// What the tables say about an event when it comes.
struct Standing {
  bool fresh = false;                // this event was never seen before
  std::optional<std::int64_t> last;  // sequence of the key that was consumed last; absent: the key's first event
  bool subject_parked = false;
  bool gap_waits = false;  // an event of the key waits for a missing one
};

enum class Turn {
  kDuplicate,         // seen before: nothing happens
  kOld,               // behind what its key has consumed: recorded, without effect
  kEarly,             // waits for the missing ones
  kBehindDeadLetter,  // its subject stands still: waits, and counts as consumed
  kNow,
};
struct Place {
  Turn turn = Turn::kNow;
  std::int64_t sequence = 0;  // of an event that does not know its own: the next one
};
// `sequence` 0: not known.
Place place_of(const Standing& standing, std::int64_t sequence);

enum class FailureKind { kTransient, kDeterministic, kUnknown };
// By the table of codes: what may succeed unchanged is transient. What lies in the event or in a rule will fail again;
// the rest is not known.
FailureKind failure_kind(Code code);

struct Attempt {
  std::int64_t number = 1;
  WallTime first_failed_at{};  // from the second on
};

// Fresh from the topic, or taken from the parked ones.
enum class Origin { kTopic, kParked };
// Else it is dead. What was parked is tried once more only for a failure that may pass: nobody counts its attempts.
bool worth_another_try(Code code, Origin origin, std::int64_t attempt);

struct RetryPauses {
  std::chrono::milliseconds first{100};  // then twice as long each time, with full jitter
  std::chrono::milliseconds cap{10'000};
};
// After attempt number `attempt` failed. `random` is any 64 random bits.
std::chrono::milliseconds retry_pause(const RetryPauses& pauses, std::int64_t attempt,
                                      std::optional<std::chrono::milliseconds> retry_after, std::uint64_t random);

}  // namespace evc::messaging
